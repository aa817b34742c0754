/**
 * Shows what a gateway does, on a running one: registers a public MCP server over two transports, makes a key for some
 * of its tools, and uses that key with the official clients of both protocol revisions and over REST.
 *
 *   GATEHOUSE_URL   default http://127.0.0.1:4000
 *   MASTER_KEY      default: the file that `npm start` made in DATA_DIR
 */
import { deepStrictEqual } from 'node:assert/strict';
import { expectText, publicNames, refusalOf } from './demo/checks.mjs';
import { findMasterKey, gatewayUrl, mask } from './demo/credentials.mjs';
import { adminCurl, callerCurl, legacyCurl, modernCurl } from './demo/curl.mjs';
import { EVERYTHING_PATH, startEverythingServer } from './demo/everything-server.mjs';
import { GatewayApi } from './demo/gateway-api.mjs';
import { connectLegacy, connectModern, MODERN_REVISION, withClient } from './demo/mcp-clients.mjs';
import { Narrator } from './demo/narrator.mjs';

const HTTP_SERVER = 'everything_http';
const STDIO_SERVER = 'everything_stdio';
const GRANTED = { [HTTP_SERVER]: ['echo', 'get-sum'], [STDIO_SERVER]: ['echo'] };
const REFUSED_TOOL = 'get-env';

const tell = new Narrator();

class Demo {
  /** Undone in reverse order, also when a step fails. */
  #cleanups = [];
  #masterKey = findMasterKey();
  #url = gatewayUrl();
  #api = new GatewayApi(this.#url, this.#masterKey.key);

  async run() {
    try {
      await this.#greet();
      await this.#registerServers();
      const key = await this.#makeKey();
      const names = await this.#useLegacyClient(key);
      await this.#useModernClient(key, names);
      await this.#useSingleServer(key);
      await this.#showRefusal(key, names);
      await this.#useRest(key);
    } catch (error) {
      for (const fault of await this.#cleanUp()) tell.say(`\nCould not tidy up: ${fault.message}`);
      throw error;
    }
    tell.step('Tidy up', 'The key has done its work, and the HTTP server ends with this demo.');
    const [fault] = await this.#cleanUp();
    if (fault !== undefined) throw fault;
    tell.got(`key and ${HTTP_SERVER} deleted; ${STDIO_SERVER} stays for you to look at`);
    tell.say(`\nNext: open ${this.#url}/docs, press Authorize, paste the master key, try GET /v1/mcp/server.`);
  }

  async #greet() {
    await this.#api.checkReady();
    tell.say(`Gatehouse at ${this.#url}, master key ${mask(this.#masterKey.key)}`);
    tell.say('Each step says why it is there, how to do it by hand ($), and what came back (→).');
    if (this.#masterKey.shell !== null)
      tell.say(`For the commands: MASTER_KEY="${this.#masterKey.shell}", KEY as of step 4.`);
  }

  async #registerServers() {
    tell.step(
      'Start a real MCP server',
      'A gateway needs something behind it. This is server-everything, a public one from npm.',
    );
    tell.run(`node ${EVERYTHING_PATH} streamableHttp`);
    const upstream = await startEverythingServer();
    this.#cleanups.push(() => upstream.stop());
    tell.got(`it listens at ${upstream.url}; run by hand it would listen on every interface, port 3001`);

    tell.step(
      'Register it over HTTP',
      'The gateway connects to servers that an administrator has registered, and to no other.',
    );
    const id = await this.#register({ server_name: HTTP_SERVER, transport: 'http', url: upstream.url });
    this.#cleanups.push(() => this.#api.send('DELETE', `/v1/mcp/server/${id}`));

    tell.step('Register it over stdio', 'Here the gateway starts the program itself and speaks to it through a pipe.');
    const args = [EVERYTHING_PATH, 'stdio'];
    await this.#register({ server_name: STDIO_SERVER, transport: 'stdio', command: 'node', args });
  }

  /** A server of an earlier run is updated. */
  async #register(server) {
    const { body: known } = await this.#api.send('GET', '/v1/mcp/server');
    const former = known.find(({ server_name: name }) => name === server.server_name);
    const method = former === undefined ? 'POST' : 'PUT';
    const body = former === undefined ? server : { server_id: former.server_id, ...server };
    tell.run(adminCurl(method, `${this.#url}/v1/mcp/server`, body));
    const answer = await this.#api.send(method, '/v1/mcp/server', { body });
    const { server_id, server_name, transport } = answer.body;
    tell.got(`${answer.status}`, { server_id, server_name, transport });
    return server_id;
  }

  async #makeKey() {
    tell.step('Make a key for some of the tools', 'Naming tools of a server grants these tools and nothing else.');
    const body = {
      key_alias: `demo-${Date.now()}`,
      duration: '1h',
      object_permission: { mcp_tool_permissions: GRANTED },
    };
    tell.run(adminCurl('POST', `${this.#url}/key/generate`, body));
    const answer = await this.#api.send('POST', '/key/generate', { body });
    const { key, key_alias, expires } = answer.body;
    this.#cleanups.push(() => this.#api.send('POST', '/key/delete', { body: { keys: [key] } }));
    tell.got(`${answer.status}`, { key: mask(key), key_alias, expires });
    return key;
  }

  /** Returns the public name of each granted tool, as `server/tool`. */
  async #useLegacyClient(key) {
    tell.step('List and call as a client of 2025-11-25', 'Most clients of today speak it: a session, then requests.');
    const url = `${this.#url}/mcp`;
    tell.run(legacyCurl(url, { method: 'tools/list' }));
    return withClient(connectLegacy, { url, key }, async (client, revision) => {
      const names = publicNames(await this.#list(client, revision), GRANTED);
      const params = { name: names[`${HTTP_SERVER}/echo`], arguments: { message: 'Hello from 2025' } };
      tell.run(legacyCurl(url, { method: 'tools/call', params }));
      tell.got(expectText(await client.callTool(params), 'Echo: Hello from 2025'));
      return names;
    });
  }

  async #useModernClient(key, names) {
    tell.step(
      `The same as a client of ${MODERN_REVISION}`,
      'The same door without a session: each request stands alone.',
    );
    const url = `${this.#url}/mcp`;
    await withClient(connectModern, { url, key }, async (client, revision) => {
      const tools = await this.#list(client, revision);
      deepStrictEqual(publicNames(tools, GRANTED), names, 'both revisions must list the same tools');
      const params = { name: names[`${HTTP_SERVER}/get-sum`], arguments: { a: 2, b: 40 } };
      tell.run(modernCurl(url, params));
      tell.got(expectText(await client.callTool(params), 'The sum of 2 and 40 is 42.'));
    });
  }

  async #useSingleServer(key) {
    tell.step('Use one server by its own door', 'A client of one server sees the tools under their own names.');
    const url = `${this.#url}/${STDIO_SERVER}/mcp`;
    await withClient(connectLegacy, { url, key }, async (client, revision) => {
      await this.#list(client, revision);
      const params = { name: 'echo', arguments: { message: 'Hello through a pipe' } };
      tell.run(legacyCurl(url, { method: 'tools/call', params }));
      tell.got(expectText(await client.callTool(params), 'Echo: Hello through a pipe'));
    });
  }

  async #list(client, revision) {
    const { tools } = await client.listTools();
    tell.got(`revision ${revision}, tools:`, tools.map(({ name }) => name).join(', '));
    return tools;
  }

  async #showRefusal(key, names) {
    tell.step(`Call ${REFUSED_TOOL}, which the key may not`, 'Hiding is not enough: every call is decided again.');
    const url = `${this.#url}/mcp`;
    const params = { name: names[`${STDIO_SERVER}/echo`].replace(/echo$/, REFUSED_TOOL), arguments: {} };
    tell.run(legacyCurl(url, { method: 'tools/call', params }));
    for (const connect of [connectLegacy, connectModern]) {
      await withClient(connect, { url, key }, async (client, revision) => {
        const error = await refusalOf(client.callTool(params));
        // The older client repeats the code in its message.
        tell.got(`revision ${revision}, error ${error.code}:`, error.message.replace(/^MCP error -?\d+: /, ''));
      });
    }
  }

  async #useRest(key) {
    tell.step(
      'Call by REST',
      'For scripts without an MCP client. The same road: permissions, hooks, one audit record.',
    );
    const body = { server_id: HTTP_SERVER, name: 'echo', arguments: { message: 'Hello from REST' } };
    tell.run(callerCurl('POST', `${this.#url}/mcp-rest/tools/call`, body));
    const answer = await this.#api.send('POST', '/mcp-rest/tools/call', { body, key });
    tell.got(expectText(answer.body, 'Echo: Hello from REST'));
  }

  /** Undoes everything that can be undone and returns what could not. */
  async #cleanUp() {
    const faults = [];
    for (const undo of this.#cleanups.splice(0).reverse()) {
      await undo().catch((fault) => faults.push(fault));
    }
    return faults;
  }
}

try {
  await new Demo().run();
} catch (error) {
  process.stderr.write(`\n${tell.current} failed: ${error.message}\n`);
  process.exitCode = 1;
}
