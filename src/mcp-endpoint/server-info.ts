import type { JsonObject } from '../common/json.js';
import { VERSION } from '../common/version.js';

/** How the gateway names itself to clients. For display only. */
export const SERVER_INFO: JsonObject = Object.freeze({ name: 'gatehouse', version: VERSION });
