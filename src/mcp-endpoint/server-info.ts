import type { JsonObject } from '../common/json.js';

/** How the gateway names itself to clients. For display only; the version is that of package.json. */
export const SERVER_INFO: JsonObject = Object.freeze({ name: 'gatehouse', version: '0.1.0' });
