import { decodeJwt, decodeProtectedHeader } from 'jose';
import { hasDuplicateKeys } from '../../common/duplicate-keys.js';
import { isJsonObject } from '../../common/json.js';
import { exceedsJsonDepth } from '../../common/json-depth.js';
import { TokenRefused } from './token-refused.js';

/** Longest token, in characters, which are ASCII. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

/** Signed tokens in compact form: three parts, none of them empty. Encrypted ones have five. */
const FORM = /^(?!sk-)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** Types that access tokens have; the bare type is short for a media type. */
const ACCESS_TOKEN_TYPE = /^(application\/)?(jwt|at\+jwt)$/i;
/** Header members that change what the signature covers or what the payload is. */
const REFUSED_MEMBERS = ['crit', 'b64', 'cty', 'zip'] as const;

/** What a token says of itself before anything of it is verified. */
export interface TokenOutline {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly issuer: string;
}

/** Does the text look like a signed token? Says nothing of its worth. */
export function hasJwtForm(text: string): boolean {
  return text.length <= MAX_TOKEN_LENGTH && FORM.test(text);
}

/**
 * Reads what is needed to look for the key.
 * @throws TokenRefused, or the error of the decoder, for what is no access token
 */
export function outlineOf(token: string): TokenOutline {
  // The decoder takes padding and other spellings of the same bytes; one token has one spelling here.
  if (!hasJwtForm(token)) throw new TokenRefused('this is no signed token');
  const [headerPart = '', claimsPart = ''] = token.split('.');
  const header = decodeProtectedHeader(token);
  const { alg, kid, typ } = header;
  for (const member of REFUSED_MEMBERS) {
    if (member in header) throw new TokenRefused(`the header has "${member}"`);
  }
  if (typeof alg !== 'string') throw new TokenRefused('the header has no algorithm');
  if (kid !== undefined && typeof kid !== 'string') throw new TokenRefused('the key id is not a text');
  if (typ !== undefined && !(typeof typ === 'string' && ACCESS_TOKEN_TYPE.test(typ))) {
    throw new TokenRefused('the type is not that of an access token');
  }
  const claims = decodeJwt(token);
  if (isAmbiguous(headerPart, header) || isAmbiguous(claimsPart, claims)) {
    throw new TokenRefused('a name is there twice, or the nesting is too deep');
  }
  if (typeof claims.iss !== 'string') throw new TokenRefused('there is no issuer');
  return { alg, kid, issuer: claims.iss };
}

function isAmbiguous(part: string, parsed: unknown): boolean {
  const text = Buffer.from(part, 'base64url');
  return !isJsonObject(parsed) || exceedsJsonDepth(text) || hasDuplicateKeys(text, parsed);
}
