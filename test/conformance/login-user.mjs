// A user of the gateway who logs in wherever the gateway says, with a browser that follows redirects.
import { randomUUID } from 'node:crypto';
import { manage } from './gateway.mjs';

/** The suite counts how often a client asks its user, and takes more than this for a loop. */
const MAX_LOGINS = 3;

export class LoginUser {
  #logins = 0;

  constructor(gateway, serverId, key) {
    this.gateway = gateway;
    this.serverId = serverId;
    this.key = key;
  }

  static async make(gateway, serverId) {
    const user_id = `user_${randomUUID()}`;
    await manage(gateway, 'POST', '/user/new', { user_id, user_role: 'internal_user' });
    const grants = { user_id, object_permission: { mcp_servers: [serverId] } };
    const { key } = await manage(gateway, 'POST', '/key/generate', grants);
    return new LoginUser(gateway, serverId, key);
  }

  /** Opens the authorization server, which sends its answer at once, and takes that to the gateway. */
  async logIn() {
    if (++this.#logins > MAX_LOGINS) throw new Error(`the gateway still wants a login after ${MAX_LOGINS}`);
    const { url } = this.gateway;
    const path = `/v1/mcp/server/${this.serverId}/oauth-user-credential/connect`;
    const begun = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${this.key}` } });
    if (!begun.ok) throw new Error(`the login was not begun: ${await begun.text()}`);
    const cookie = begun.headers
      .getSetCookie()
      .map((text) => text.split(';', 1)[0])
      .join('; ');
    const { authorization_url: authorizationUrl } = await begun.json();
    const answer = await fetch(authorizationUrl, { redirect: 'manual' });
    const callback = answer.headers.get('location');
    if (callback === null) throw new Error(`the authorization server did not redirect: ${answer.status}`);
    const end = await fetch(callback, { headers: { cookie }, redirect: 'manual' });
    if (!end.ok) throw new Error(`the login was not taken: ${await end.text()}`);
  }
}
