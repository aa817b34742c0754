import { Inject, Injectable } from '@nestjs/common';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import type { Finder } from '../text/finding.js';
import { TextGuard } from '../text/text-guard.js';
import { TextSearch } from '../text/text-search.js';
import { allowedSet } from '../text/text-settings.js';
import { findCards } from './card.js';
import { patternFinder } from './custom-pattern.js';
import { findEmails } from './email.js';
import { findIbans } from './iban.js';
import { findIps } from './ip.js';
import { findPhones } from './phone.js';
import { PII_ENTITIES, type PiiEntity, type PiiSettings } from './pii.settings.js';

const FINDERS: Readonly<Record<PiiEntity, Finder>> = {
  email: findEmails,
  card: findCards,
  iban: findIbans,
  phone: findPhones,
  ip: findIps,
};
/** Every one of them holds a digit or is about an `@`; most texts have none. */
const TRIGGER = /[\d@([:]/;
const SIZES = { slice: 16 * 1024, overlap: 1024 };

/** Masks personal data, or refuses calls with it. */
@Injectable()
export class PiiHook extends TextGuard {
  constructor(@Inject(GUARDRAIL_SETTINGS) { entities, patterns, allow }: PiiSettings) {
    const wanted = PII_ENTITIES.filter((entity) => entities[entity] !== undefined);
    const known = wanted.map((entity) => FINDERS[entity]);
    const custom = patterns.map(({ name, pattern }) => patternFinder(name, pattern));
    const refusing = new Set<string>([
      ...wanted.filter((entity) => entities[entity] === 'block'),
      ...patterns.filter(({ action }) => action === 'block').map(({ name }) => name),
    ]);
    super({
      search: new TextSearch([triggered(known), ...custom], SIZES),
      blocks: (kind) => refusing.has(kind),
      allowed: allowedSet(allow),
      noun: 'personal data',
    });
  }
}

function triggered(finders: readonly Finder[]): Finder {
  return (text, report, name) => {
    if (!TRIGGER.test(text)) return;
    for (const find of finders) find(text, report, name);
  };
}
