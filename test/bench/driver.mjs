// The load driver: raw sockets, requests serialised before, one request at a time on each connection. It must cost less
// than the server that it drives, so it knows no more of HTTP than it needs.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpResponseReader } from './http-response-reader.mjs';
import { cpuSecondsOf, familyCpuSecondsOf, hasProcfs, machineCpuSeconds } from './process-usage.mjs';

const LATENCIES = new Float64Array(1 << 21);
const FAILED_TOOL = Buffer.from('"isError":true');

/**
 * @typedef {object} Load
 * @property {number} port
 * @property {string[][]} clients for each connection the requests that it sends in turn
 * @property {string} mark what every good answer contains
 * @property {number} warmUpMs
 * @property {number} measureMs
 * @property {number} serverPid whose CPU time is measured
 * @property {number | null} databasePid whose CPU time, with its children, is measured
 * @property {number} upstreamPid whose CPU time is not that of a stranger
 */

class Run {
  recording = false;
  stopped = false;
  count = 0;
  errors = 0;
  firstError = null;

  constructor(load) {
    this.load = load;
    this.mark = Buffer.from(load.mark);
  }

  succeeded(latencyMs) {
    if (!this.recording) return;
    if (this.count < LATENCIES.length) LATENCIES[this.count] = latencyMs;
    this.count += 1;
  }

  failed(reason) {
    this.errors += 1;
    this.firstError ??= reason;
  }
}

class Connection {
  #run;
  #requests;
  #next = 0;
  #sentAt = 0;
  #socket;
  #reader = new HttpResponseReader();
  #ended;
  #end;

  constructor(run, requests) {
    this.#run = run;
    this.#requests = requests.map((request) => Buffer.from(request));
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Resolves when the connection has sent its last request and got the answer, or broke. */
  async drive() {
    this.#socket = connect({ port: this.#run.load.port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('connect', () => this.#send());
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#break(error.message));
    this.#socket.on('close', () => this.#break('the server closed the connection'));
    await this.#ended;
    this.#socket.destroy();
  }

  #send() {
    if (this.#run.stopped) return this.#end();
    const request = this.#requests[this.#next];
    this.#next = this.#next + 1 === this.#requests.length ? 0 : this.#next + 1;
    this.#sentAt = performance.now();
    this.#socket.write(request);
  }

  #receive(chunk) {
    let response;
    try {
      response = this.#reader.push(chunk);
    } catch (error) {
      return this.#break(error.message);
    }
    if (response === null) return;
    const latency = performance.now() - this.#sentAt;
    if (isGood(response, this.#run.mark)) this.#run.succeeded(latency);
    else this.#run.failed(`HTTP ${response.status} ${response.body.toString('utf8', 0, 500)}`);
    this.#send();
  }

  #break(reason) {
    if (!this.#run.stopped) this.#run.failed(reason);
    this.#end();
  }
}

function isGood({ status, body }, mark) {
  return status === 200 && body.indexOf(mark) !== -1 && body.indexOf(FAILED_TOOL) === -1;
}

/** @param {Load} load */
async function drive(load) {
  const run = new Run(load);
  const connections = load.clients.map((requests) => new Connection(run, requests).drive());
  await sleep(load.warmUpMs);
  const before = usageNow(load);
  run.recording = true;
  await sleep(load.measureMs);
  run.recording = false;
  const after = usageNow(load);
  run.stopped = true;
  await Promise.all(connections);
  return figuresOf(run, before, after);
}

/** CPU seconds so far. */
function usageNow({ serverPid, databasePid, upstreamPid }) {
  const { user, system } = process.cpuUsage();
  const driver = (user + system) / 1e6;
  const at = performance.now() / 1000;
  if (!hasProcfs) return { at, driver, server: Number.NaN, database: Number.NaN, others: Number.NaN };
  const server = cpuSecondsOf(serverPid);
  const database = databasePid === null ? Number.NaN : familyCpuSecondsOf(databasePid);
  const ours = server + driver + cpuSecondsOf(upstreamPid) + (database || 0);
  return { at, driver, server, database, others: machineCpuSeconds() - ours };
}

function figuresOf({ count, errors, firstError }, before, after) {
  const seconds = after.at - before.at;
  const latencies = LATENCIES.subarray(0, Math.min(count, LATENCIES.length)).sort();
  return {
    count,
    errors,
    firstError,
    perSecond: count / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    serverCpuMicros: ((after.server - before.server) * 1e6) / count,
    serverBusy: (after.server - before.server) / seconds,
    databaseCpuMicros: ((after.database - before.database) * 1e6) / count,
    driverBusy: (after.driver - before.driver) / seconds,
    othersBusy: (after.others - before.others) / seconds,
  };
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

process.on('disconnect', () => process.exit(0));
process.on('message', (load) => {
  drive(load).then(
    (figures) => process.send({ figures }),
    (error) => process.send({ failure: String(error) }),
  );
});
