import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

/** Country, check digits, and ahead the rest in groups, which may be the beginning of something else. The lengths by country are those of the SWIFT registry. */
const CANDIDATE = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=((?:[ -]?[A-Za-z0-9]){11,30}))/g;
const LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** International bank account numbers of the length of their country and with right check digits. */
export const findIbans: Finder = (text, report) => {
  eachMatch(CANDIDATE, text, ({ index, 0: begin, 1: rest = '' }) => {
    const candidate = begin + rest;
    const length = LENGTHS.get(candidate.slice(0, 2).toUpperCase());
    const width = length === undefined ? -1 : widthOf(candidate, length);
    if (width === -1 || /[A-Za-z0-9]/.test(text.charAt(index + width))) return;
    if (remainder(candidate.slice(0, width)) === 1) report('iban', index, index + width);
  });
};

/** How much of the candidate this many letters and digits take; -1: it has fewer. */
function widthOf(candidate: string, length: number): number {
  let counted = 0;
  for (let index = 0; index < candidate.length; index++) {
    if (/[ -]/.test(candidate.charAt(index))) continue;
    counted++;
    if (counted === length) return index + 1;
  }
  return -1;
}

/** ISO 7064, MOD 97-10: the first four characters go to the end, letters become numbers from 10 on. */
function remainder(written: string): number {
  const iban = written.replace(/[ -]/g, '').toUpperCase();
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    for (const digit of String(Number.parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest;
}
