// The line of an agent beside the server, as HAProxy's agent-check reads it (HAProxy configuration manual, section 5.2):
//
//    line         words between spaces, tabs and commas, in any order, of any case; ends at the first CR or LF
//    up           down fail failed stopped       how it is; the last of these counts
//    ready        drain maint                    what its operator wants; the last of these counts
//    75%          what share of its weight it takes; more than 100 counts as 100, since HAProxy's weights may grow by it
//    maxconn:30   passed over: that is for a proxy
//    # text       why, up to the end of the line
//
// Where HAProxy leaves an endpoint as it is (no line, no word that is known), there is no check beside this one to say how it
// is: it fails.

export type AgentSaying = {
  readonly ok: boolean;
  readonly reason: string;
  /** Percent, 0 to 100; absent: nothing was said of it. */
  readonly share?: number;
};

/** Characters of the agent's own words that go into a reason. */
const MAX_DESCRIPTION_LENGTH = 80;

/** The line without its end. Never throws. */
export function readAgentLine(line: string): AgentSaying {
  const sharp = line.indexOf('#');
  const words = (sharp < 0 ? line : line.slice(0, sharp)).toLowerCase().split(/[ \t,]+/);
  const description = sharp < 0 ? '' : describe(line.slice(sharp + 1));
  const health = words.findLast((word) => HEALTH_WORDS.has(word));
  const wish = words.findLast((word) => WISH_WORDS.has(word));
  const percent = words.findLast((word) => /^\d{1,9}%$/.test(word));
  const isKnown = health !== undefined || wish !== undefined || percent !== undefined;
  if (!isKnown && !words.some((word) => word.startsWith('maxconn:'))) {
    return { ok: false, reason: 'the agent says no word that is known' };
  }
  if (wish === 'maint') return { ok: false, reason: `the agent says maint${description}` };
  if (health !== undefined && health !== 'up') return { ok: false, reason: `the agent says ${health}${description}` };
  if (wish === 'drain') return { ok: true, reason: 'the agent says drain', share: 0 };
  const said = `the agent says ${health ?? wish ?? percent ?? 'maxconn'}`;
  return {
    ok: true,
    reason: said,
    ...(percent !== undefined && { share: Math.min(100, Number.parseInt(percent, 10)) }),
  };
}

const HEALTH_WORDS: ReadonlySet<string> = new Set(['up', 'down', 'fail', 'failed', 'stopped']);
const WISH_WORDS: ReadonlySet<string> = new Set(['ready', 'drain', 'maint']);

function describe(text: string): string {
  const shown = text
    .replace(/[^\u0020-\u007e]/g, '')
    .trim()
    .slice(0, MAX_DESCRIPTION_LENGTH);
  return shown === '' ? '' : `: ${shown}`;
}
