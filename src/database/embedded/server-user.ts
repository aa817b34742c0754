import { existsSync, statSync } from 'node:fs';
import { DatabaseUnavailableError } from '../database-unavailable-error.js';

/** `nobody`, which every Linux has without creating a user. */
const NOBODY = 65_534;
const CURRENT_DIRECTORY = '/proc/self/cwd';

/** Whom the server process runs as. */
export interface ServerUser {
  /** What `spawn` needs to switch the user; null: the server runs as the gateway's own user. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
}

/**
 * PostgreSQL refuses to run as root, so root starts it as the owner of the cluster, or as `nobody` for a new one.
 * @throws DatabaseUnavailableError where root cannot do that
 */
export function serverUserFor(cluster: string): ServerUser {
  if (process.getuid?.() !== 0) return { ids: null };
  if (!existsSync(CURRENT_DIRECTORY)) {
    throw new DatabaseUnavailableError(
      'The embedded PostgreSQL does not run as root on this system: start Gatehouse as an ordinary user or set DATABASE_URL.',
    );
  }
  const owner = existsSync(cluster) ? statSync(cluster) : null;
  const ids = owner === null || owner.uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid: owner.uid, gid: owner.gid };
  return { ids };
}

/**
 * The path by which the server process names its own cluster. Under root its user may be unable to walk there (`/root`
 * is 0700), so the process is started in the directory while it still is root, and names it by this link, which needs
 * no right on any parent. The data therefore stay in DATA_DIR and no mode of a parent has to be opened.
 */
export function clusterPathFor(user: ServerUser, cluster: string): string {
  return user.ids === null ? cluster : CURRENT_DIRECTORY;
}
