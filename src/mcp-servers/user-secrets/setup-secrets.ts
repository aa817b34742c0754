import { Injectable } from '@nestjs/common';
import { fieldFaults } from '../../common/validation.js';
import { BYOK_SECRET } from '../env-variables.js';
import { valueFault } from '../header-rules.js';
import type { McpServer } from '../mcp-server.js';
import { McpServersService, noSuchServer } from '../mcp-servers.service.js';
import type { Page, PageField } from './setup-page.js';
import { UserEnvVarsService } from './user-env-vars.service.js';
import { UserSecretStore, type SecretOwner } from './user-secret-store.js';

const KEY_FIELD = 'api_key';
const VARIABLE_FIELD = 'var_';

/** What a form did; null: it only asked. */
type Done = 'saved' | 'removed' | null;

const TEXT_FOR: Readonly<Record<Exclude<Done, null>, string>> = {
  saved: 'Stored. You can close this page and call the tool again.',
  removed: 'Removed. The server gets nothing of yours any more.',
};

/** The secrets of one user for one server, as a form shows and takes them. */
@Injectable()
export class SetupSecrets {
  constructor(
    private readonly servers: McpServersService,
    private readonly store: UserSecretStore,
    private readonly variables: UserEnvVarsService,
  ) {}

  /**
   * Does what the button of the form says. Empty fields keep what is stored.
   * @throws GatehouseError `invalid_request` with the faults of the fields
   */
  async act(server: McpServer, owner: SecretOwner, form: ReadonlyMap<string, string>): Promise<Done> {
    const action = form.get('action');
    if (action === 'remove') return this.remove(server, owner);
    return action === 'save' ? this.save(server, owner, form) : null;
  }

  /** A form with everything that the server needs of the user. */
  async page(
    { id, prefix, userSecrets = [] }: McpServer,
    { userId }: SecretOwner,
    { done, ticket }: { readonly done: Done; readonly ticket: string },
  ): Promise<Page> {
    const details = await this.servers.find(id);
    if (details === null) throw noSuchServer();
    const takesKey = userSecrets.includes(BYOK_SECRET);
    const status = takesKey ? await this.store.status(userId, id) : null;
    const { required } = await this.variables.status(userId, id);
    const fields = [
      ...(takesKey ? [field(KEY_FIELD, 'Your own key', status?.kind === 'byok', null)] : []),
      ...required.map(({ name, description, is_set: isSet }) => field(VARIABLE_FIELD + name, name, isSet, description)),
    ];
    return {
      ...{ title: `Set up ${prefix}`, fault: null, helpUrl: takesKey ? details.byok_api_key_help_url : null },
      paragraphs: [
        ...(done === null ? [] : [TEXT_FOR[done]]),
        ...(takesKey ? details.byok_description : []),
        ...(fields.length === 0 ? ['This server needs nothing of you.'] : []),
      ],
      form: fields.length === 0 ? null : { fields, hidden: { ticket }, buttons: { save: 'Save', remove: 'Remove' } },
    };
  }

  private async save(server: McpServer, owner: SecretOwner, form: ReadonlyMap<string, string>): Promise<Done> {
    const key = form.get(KEY_FIELD) ?? '';
    const takesKey = server.userSecrets?.includes(BYOK_SECRET) === true;
    const values = Object.fromEntries(
      [...form].flatMap(([name, value]) =>
        name.startsWith(VARIABLE_FIELD) && value !== '' ? [[name.slice(VARIABLE_FIELD.length), value]] : [],
      ),
    );
    const fault = key === '' ? null : keyFault(key);
    if (fault !== null) throw fieldFaults([{ path: 'Your own key', message: fault }]);
    if (Object.keys(values).length > 0) await this.variables.store(owner, values);
    if (takesKey && key !== '') await this.store.storeKey(owner, key);
    return 'saved';
  }

  private async remove({ userSecrets = [] }: McpServer, owner: SecretOwner): Promise<Done> {
    if (userSecrets.includes(BYOK_SECRET)) await this.store.removeCredential(owner, 'byok');
    await this.variables.clear(owner);
    return 'removed';
  }
}

/** Becomes part of a header. */
function keyFault(key: string): string | null {
  return key.trim() === key && /^[\x20-\x7e]{1,16384}$/.test(key)
    ? valueFault(key)
    : 'must be printable ASCII characters';
}

function field(name: string, label: string, isSet: boolean, description: string | null): PageField {
  const hint = [description, isSet ? 'Stored. Leave it empty to keep it.' : 'Not stored yet.'];
  return { name, label, hint: hint.filter((text) => text !== null).join(' '), isRequired: !isSet };
}
