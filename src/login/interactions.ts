import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Provider } from 'oidc-provider';
import { GatehouseError } from '../common/gatehouse-error.js';
import { AuthorizationServer } from './authorization-server.js';
import { digestOf } from './login-records.js';

/** An authorization that waits for its user. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** The client of an authorization, as the pages show it. */
export interface ShownClient {
  readonly id: string;
  readonly name: string;
  /** Host of the document that describes it; null: it registered itself. */
  readonly host: string | null;
}

/** Authorizations under way: what the library remembers of them, and how they end. */
@Injectable()
export class Interactions {
  constructor(private readonly server: AuthorizationServer) {}

  /**
   * The authorization that this browser began.
   * @throws GatehouseError `invalid_request` for that of another browser, one that is over, or none
   */
  async ofBrowser(request: Request, response: Response, uid: string): Promise<Interaction> {
    const provider = await this.server.provider();
    this.server.adopt(request, `/login/${uid}`);
    const found = await provider.interactionDetails(request, response).catch(() => null);
    if (found === null || found.uid !== uid) throw lost();
    return found;
  }

  /**
   * An authorization whose login was begun by a browser that proved so in another way.
   * @throws GatehouseError `invalid_request` when it is over
   */
  async byUid(uid: string): Promise<Interaction> {
    const provider = await this.server.provider();
    const found = await provider.Interaction.find(uid);
    if (found === undefined) throw lost();
    return found;
  }

  /** @throws GatehouseError `forbidden` unless this is the secret of the form */
  assertOwnForm({ cid }: Interaction, csrf: string): void {
    // Digests are equally long.
    if (timingSafeEqual(Buffer.from(digestOf(cid)), Buffer.from(digestOf(csrf)))) return;
    throw new GatehouseError('forbidden', 'This form is not from this login. Start again from your MCP client.');
  }

  /** @throws GatehouseError `invalid_request` when the client is not known any more */
  async clientOf({ params }: Interaction): Promise<ShownClient> {
    const provider = await this.server.provider();
    const client = await provider.Client.find(String(params.client_id));
    if (client === undefined) throw lost();
    const host = /^https:/.test(client.clientId) ? new URL(client.clientId).host : null;
    return { id: client.clientId, name: client.clientName ?? host ?? client.clientId, host };
  }

  /** Who logged in for this authorization; null: nobody yet. */
  accountOf({ result }: Interaction): string | null {
    return result?.login?.accountId ?? null;
  }

  /** Remembers who logged in. Nothing is granted by it. */
  async loggedIn(interaction: Interaction, accountId: string): Promise<void> {
    interaction.result = { login: { accountId, remember: false } };
    await interaction.persist();
  }

  /**
   * Grants the client what it asks for, in the name of who logged in.
   * @returns where the browser goes on
   * @throws GatehouseError `invalid_request` for what was decided before
   */
  async allow(interaction: Interaction, accountId: string): Promise<string> {
    if (interaction.result?.consent !== undefined) throw lost();
    const provider = await this.server.provider();
    const { client_id: clientId, scope, resource } = interaction.params;
    const grant = new provider.Grant({ accountId, clientId: String(clientId) });
    grant.addOIDCScope(String(scope));
    for (const one of [resource].flat()) grant.addResourceScope(String(one), String(scope));
    const grantId = await grant.save();
    interaction.result = { login: { accountId, remember: false }, consent: { grantId } };
    await interaction.persist();
    return interaction.returnTo;
  }

  /** Tells the client that its user does not want this. Returns where the browser goes on. */
  async deny(interaction: Interaction): Promise<string> {
    interaction.result = { error: 'access_denied', error_description: 'the user denied the request' };
    await interaction.persist();
    return interaction.returnTo;
  }
}

function lost(): GatehouseError {
  return new GatehouseError(
    'invalid_request',
    'This login is over, or was begun in another browser. Start again from your MCP client.',
  );
}
