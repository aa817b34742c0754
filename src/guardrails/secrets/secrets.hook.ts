import { Inject, Injectable } from '@nestjs/common';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import type { Finder } from '../text/finding.js';
import { TextGuard } from '../text/text-guard.js';
import { TextSearch } from '../text/text-search.js';
import { allowedSet } from '../text/text-settings.js';
import { findAssignedSecrets, findRandomWords } from './entropy.js';
import { findJwts } from './jwt.js';
import type { SecretsSettings } from './secrets.settings.js';
import { findTokens } from './token-shapes.js';
import { findAuthorizations, findPrivateKeys, findUrlPasswords } from './written-secrets.js';

const KNOWN: readonly Finder[] = [findTokens, findJwts, findPrivateKeys, findUrlPasswords, findAuthorizations];
/** The shortest secret that is looked for, a password in a URL, stands in at least so many characters. */
const SHORTEST = 8;
/** A private key has up to about 6 KiB. */
const SIZES = { slice: 32 * 1024, overlap: 8 * 1024 };

/** Masks credentials, or refuses calls with them. */
@Injectable()
export class SecretsHook extends TextGuard {
  constructor(@Inject(GUARDRAIL_SETTINGS) { action, entropy, allow }: SecretsSettings) {
    const finders = [...KNOWN, ...entropyFinders(entropy)];
    super({
      search: new TextSearch([longEnough(finders)], SIZES),
      blocks: () => action === 'block',
      allowed: allowedSet(allow),
      noun: 'secrets',
    });
  }
}

function entropyFinders(entropy: SecretsSettings['entropy']): Finder[] {
  if (entropy === 'off') return [];
  return entropy === 'assigned' ? [findAssignedSecrets] : [findAssignedSecrets, findRandomWords];
}

function longEnough(finders: readonly Finder[]): Finder {
  return (text, report, name) => {
    if (text.length < SHORTEST) return;
    for (const find of finders) find(text, report, name);
  };
}
