// The demonstration: a real backend on loopback for every region that the example configuration checks there, for as long as
// the configuration in force has that region's endpoints as the example has them. What operators write is never answered for.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { DEMO_HOST, type DemoBackends, openDemoBackends } from '../demo/backends.ts';
import { serveDemoControl } from '../demo/control-socket.ts';
import { type DemoPlan, mayHaveDemo, planDemo } from '../demo/plan-demo.ts';
import { readDocument } from '../documents/read-document.ts';
import type { Configuration } from '../model/configuration.ts';
import { parseConfiguration } from '../model/parse-configuration.ts';
import type { LocationResolver } from '../model/parse-context.ts';

export type DemoOptions = {
  readonly stateDirectory: string;
  /** The file of the configuration that is shown; empty: the example that Azimuth comes with. */
  readonly configurationFile: string;
  readonly resolveLocation: LocationResolver;
};

const EXAMPLE = fileURLToPath(new URL('../../config/example.yaml', import.meta.url));
const NOTHING: DemoPlan = { places: [], shared: [] };

export class DemoRole {
  readonly #options: DemoOptions;
  readonly #logger: Logger;
  readonly #backends: DemoBackends = openDemoBackends();
  #control: { close(): Promise<void> } | undefined;
  #shown: Configuration | undefined;
  /** What was said last, so that nothing is said again with every revision. */
  #said = '';
  /** One change at a time, in the order of the revisions. */
  #changes: Promise<void> = Promise.resolve();

  constructor(options: DemoOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Starts and ends backends as this configuration wants; one that runs on stays as it is, failing or not. Never rejects. */
  setConfiguration(configuration: Configuration): Promise<void> {
    this.#changes = this.#changes
      .then(() => this.#apply(configuration))
      .catch((error: Error) => {
        this.#say('error', `${error.message}; going on without the demonstration`);
      });
    return this.#changes;
  }

  async close(): Promise<void> {
    await this.#changes;
    await Promise.all([this.#control?.close(), this.#backends.close()]);
  }

  async #apply(configuration: Configuration): Promise<void> {
    const plan = mayHaveDemo(configuration) ? planDemo(configuration, await this.#readShown()) : NOTHING;
    await this.#backends.arrange(plan.places);
    if (plan.places.length > 0) this.#control ??= await serveDemoControl(this.#options.stateDirectory, this.#backends);
    this.#report(plan);
  }

  #report({ places, shared }: DemoPlan): void {
    if (shared.length > 0) {
      const ports = shared.map(({ port, region }) => `${DEMO_HOST}:${port} (${region})`).join(', ');
      this.#say(
        'info',
        `no demonstration backend at ${ports}: endpoints that are not the example's are checked there too`,
      );
    } else if (places.length === 0) {
      this.#say('info', "no demonstration backends: the configuration has none of the example's endpoints");
    } else this.#said = '';
  }

  #say(level: 'info' | 'error', message: string): void {
    if (message !== this.#said) this.#logger[level](message);
    this.#said = message;
  }

  async #readShown(): Promise<Configuration> {
    this.#shown ??= await readConfiguration(this.#options);
    return this.#shown;
  }
}

/** Rejects when the file cannot be read, or is no configuration. */
async function readConfiguration({ configurationFile, resolveLocation }: DemoOptions): Promise<Configuration> {
  const file = configurationFile === '' ? EXAMPLE : configurationFile;
  const read = readDocument(await readFile(file, 'utf8'));
  const parsed = read.ok ? parseConfiguration(read.document, { resolveLocation }) : read;
  if (parsed.ok) return parsed.value;
  throw new Error(`${file} is no configuration: azimuth check ${file} lists its problems`);
}
