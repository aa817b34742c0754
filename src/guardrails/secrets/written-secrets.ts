import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const KEY_END = '-----END ';
const KEY_END_WIDTH = 80;
const URL_PASSWORD = /:\/\/[^\s:/?#@"'<>]{0,100}:([^\s/@"'<>]{1,200})@/g;
const SCHEME = /\b(?:bearer|basic)[ \t]{1,3}([A-Za-z0-9._~+/-]{16,1000}={0,2})/gi;

/** Private keys in PEM; one that does not end goes to the end of the text. */
export const findPrivateKeys: Finder = (text, report) => {
  if (!text.includes('-----BEGIN')) return;
  eachMatch(KEY_BEGIN, text, ({ index, 0: begin }) => {
    const last = text.indexOf(KEY_END, index + begin.length);
    const closing = last === -1 ? -1 : text.indexOf('-----', last + KEY_END.length);
    const closed = closing !== -1 && closing - last < KEY_END_WIDTH;
    const end = closed ? closing + '-----'.length : text.length;
    report('private_key', index, end);
    // What begins within one is part of it.
    KEY_BEGIN.lastIndex = end;
  });
};

/** Passwords in URLs: `postgres://user:password@host`. */
export const findUrlPasswords: Finder = (text, report) => {
  if (!text.includes('://')) return;
  eachMatch(URL_PASSWORD, text, ({ index, 0: whole, 1: password = '' }) => {
    const end = index + whole.length - 1;
    report('url_password', end - password.length, end);
  });
};

/** Credentials of an Authorization header; a plain word is none. */
export const findAuthorizations: Finder = (text, report) => {
  eachMatch(SCHEME, text, ({ index, 0: whole, 1: credential = '' }) => {
    const end = index + whole.length;
    if (/\d/.test(credential)) report('authorization', end - credential.length, end);
  });
};
