import { isIPv6 } from 'node:net';
import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d{2}|[1-9]?\\d)';
const IPV4 = new RegExp(`(?<![\\w.])${BYTE}(?:\\.${BYTE}){3}(?![\\w]|\\.\\d)`, 'g');
const IPV6_CANDIDATE = /(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}(?![\w:])/g;
/** `::` alone stands in many programs. */
const SHORTEST_IPV6 = 3;

/** IP addresses of both versions. */
export const findIps: Finder = (text, report) => {
  if (text.includes('.')) {
    eachMatch(IPV4, text, ({ index, 0: address }) => report('ip', index, index + address.length));
  }
  if (!text.includes(':')) return;
  eachMatch(IPV6_CANDIDATE, text, ({ index, 0: address }) => {
    if (address.length >= SHORTEST_IPV6 && /\d/.test(address) && isIPv6(address)) {
      report('ip', index, index + address.length);
    }
  });
};
