/** The management API of a gateway, in plain HTTP. */
export class GatewayApi {
  constructor(url, masterKey) {
    this.url = url;
    this.masterKey = masterKey;
  }

  /**
   * Sends one request, by default with the master key.
   * @returns {Promise<{ status: number, body: any }>}
   * @throws Error with the problem that the gateway named, for every status from 400
   */
  async send(method, path, { body, key = this.masterKey } = {}) {
    const answer = await this.fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${describeProblem(answer.status, text)}`);
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** @throws Error when nothing answers or the gateway is not ready */
  async checkReady() {
    const answer = await this.fetch('/health/ready');
    if (!answer.ok) throw new Error(`the gateway at ${this.url} is not ready (HTTP ${answer.status})`);
    return answer.json();
  }

  async fetch(path, init) {
    try {
      return await fetch(this.url + path, init);
    } catch (error) {
      const reason = error.cause?.code ?? error.message;
      const hint = 'start it with "npm start" in another terminal, or set GATEHOUSE_URL';
      throw new Error(`no gateway answers at ${this.url} (${reason}): ${hint}`, { cause: error });
    }
  }
}

function describeProblem(status, text) {
  try {
    const { code, detail, title, errors = [] } = JSON.parse(text);
    const faults = errors.map(({ path, message }) => `${path} ${message}`);
    return `${status} ${code}: ${faults.length > 0 ? faults.join('; ') : (detail ?? title)}`;
  } catch {
    return `${status}: ${text.slice(0, 200)}`;
  }
}
