// Pieces of SVG that all plots share: colours that read on light and on dark, text, lines.

/** Greys, blues and an orange that stand out on white and on near black alike. */
export const COLOURS = {
  ours: '#d9601a',
  oursLight: '#eea06f',
  theirs: '#3f76b5',
  theirsLight: '#8db3dc',
  text: '#767c85',
  grid: '#7a7f8740',
} as const;

const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';
/** One grey on any background: a page in dark may show pictures to a reader whose system says light. */
const STYLE = `text { font-family: ${FONT}; font-size: 13px; fill: ${COLOURS.text} }
    .quiet { font-size: 12px } .title { font-size: 15px; font-weight: 600 } .group { font-weight: 600 }`;

export function composeSvg(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
  <title>${escapeText(title)}</title>
  <style>
    ${STYLE}
  </style>
  ${parts.join('\n  ')}
</svg>
`;
}

export type TextStyle = { readonly class?: 'quiet' | 'title' | 'group'; readonly anchor?: 'start' | 'middle' | 'end' };

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const kind = style.class === undefined ? '' : ` class="${style.class}"`;
  const anchor = style.anchor === undefined ? '' : ` text-anchor="${style.anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${kind}${anchor}>${escapeText(content)}</text>`;
}

export function rectangle(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${height}" fill="${fill}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  const points = `x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"`;
  return `<line ${points} stroke="${stroke}" stroke-width="${width}"/>`;
}

export function circle(x: number, y: number, radius: number, fill: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${fill}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
