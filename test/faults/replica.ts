import { GatewayProcess } from '../e2e/support/gateway-process.js';

/** One gateway that can be ended and started again. */
export class Replica {
  /** Exits that nobody asked for. */
  readonly unexpectedExits: string[] = [];
  #process: GatewayProcess;
  #ending = false;

  private constructor(
    private readonly dataDir: string,
    private readonly environment: Record<string, string>,
    process: GatewayProcess,
  ) {
    this.#process = process;
    void this.#noteExit(process);
  }

  static async start(dataDir: string, environment: Record<string, string>): Promise<Replica> {
    return new Replica(dataDir, environment, await GatewayProcess.start(dataDir, environment));
  }

  get process(): GatewayProcess {
    return this.#process;
  }

  /** Ends it; resolves with its exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.#ending = true;
    return this.#process.stop(signal);
  }

  /** Starts it again after {@link stop}. */
  async restart(): Promise<void> {
    this.#process = await GatewayProcess.start(this.dataDir, this.environment);
    this.#ending = false;
    void this.#noteExit(this.#process);
  }

  async #noteExit(watched: GatewayProcess): Promise<void> {
    const code = await watched.exit();
    if (this.#ending && this.#process === watched) return;
    this.unexpectedExits.push(`${this.dataDir} (code ${code})\n${watched.output.slice(-2000)}`);
  }
}
