import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

/** Up to so many words in between. Words and gaps have a bound, so that every pattern below takes linear time. */
const words = (most: number): string => `(?:[\\w'-]{1,20}[\\s,]{1,4}){0,${most}}`;
const GAP = '[\\s,]{1,4}';
const TARGETS = 'instructions?|prompts?|rules|directions|guidelines|messages|constraints|polic(?:y|ies)|restrictions';
const SECRET_FILES =
  '\\.(?:ssh/|aws/credentials|env\\b|cursor/|npmrc\\b|netrc\\b|kube/config|git-credentials)|id_rsa\\b|mcp\\.json\\b|/etc/(?:passwd|shadow)\\b';

/** What hardly ever stands in an honest text. */
const PLAIN: readonly (readonly [kind: string, pattern: string])[] = [
  [
    'override',
    `\\b(?:ignore|disregard|forget|override|bypass)${GAP}${words(3)}(?:previous|prior|above|earlier|preceding|your|system|original)${GAP}${words(2)}(?:${TARGETS})\\b`,
  ],
  [
    'override',
    `\\b(?:ignore|disregard|forget)${GAP}(?:all|any|every(?:thing)?)${GAP}${words(3)}(?:${TARGETS}|before|above)\\b`,
  ],
  [
    'secrecy',
    `\\b(?:do${GAP}not|don't|never|without)${GAP}(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|notify(?:ing)?|alert(?:ing)?|reveal(?:ing)?|disclos(?:e|ing)|let(?:ting)?)${GAP}${words(5)}(?:user|human|operator)\\b`,
  ],
  [
    'role',
    `\\byou${GAP}are${GAP}(?:now${GAP}(?:an?|the|in|free|acting|operating)|no${GAP}longer${GAP}(?:an?|bound|restricted))\\b`,
  ],
  ['role', `\\bfrom${GAP}now${GAP}on${GAP}you${GAP}(?:are|will|must|shall|should|act)\\b`],
  ['role', `\\bnew${GAP}(?:system${GAP})?(?:instructions?|prompt)\\s{0,2}:`],
  [
    'exfiltration',
    `\\b(?:reveal|print|repeat|output|show|leak|send|return)${GAP}${words(3)}(?:system${GAP}prompt|(?:hidden|initial|secret)${GAP}instructions)\\b`,
  ],
  [
    'file_access',
    `\\b(?:read|open|cat|access|load|include|pass|send|copy|upload|paste)${GAP}${words(6)}[~/\\w.\`'"-]{0,60}(?:${SECRET_FILES})`,
  ],
  ['disguise', '</?important>|\\[/?INST\\]|<\\|(?:im_start|im_end|system|user|assistant|endoftext)\\|>|<</?SYS>>'],
];

/** What an honest text may hold as well: counted when the guardrail is strict. */
const SUSPICIOUS: readonly (readonly [kind: string, pattern: string])[] = [
  ['disguise', '</?(?:system|instructions?|secret|hidden|admin)>|\\b(?:system|assistant)\\s{0,2}:\\s{0,2}you\\b'],
  [
    'steering',
    `\\b(?:before|after|when)${GAP}(?:using|calling|invoking)${GAP}${words(3)}tools?${GAP}${words(4)}(?:must|always|first|need${GAP}to|should|call|read)\\b`,
  ],
  [
    'steering',
    `\\b(?:always|must|first)${GAP}${words(2)}(?:call|use|invoke|run|read)${GAP}${words(6)}(?:first|before)\\b`,
  ],
  [
    'exfiltration',
    `\\b(?:send|post|forward|upload|exfiltrate|transmit|bcc)${GAP}${words(8)}to${GAP}(?:https?://|[\\w.+-]{1,64}@)`,
  ],
  ['exfiltration', '!\\[[^\\]\\n]{0,200}\\]\\(https?://[^\\s)?]{1,300}\\?[^\\s)]{0,500}='],
  ['file_access', SECRET_FILES],
];

/** One of these stands in every text that a pattern above fits; most texts have none. */
const TRIGGER =
  /ignor|disregard|forget|overrid|bypass|tell|inform|mention|notif|alert|reveal|disclos|\blet|you\s{1,4}are|now\s{1,4}on|instruction|prompt|\.(?:ssh|aws|env|cursor|npmrc|netrc|kube|git)|id_rsa|mcp\.json|\/etc\/|<|\[\/?inst|system|assistant|before|after|when|always|must|first|send|post|forward|upload|exfil|transmit|bcc|!\[/i;

/** Finds text that speaks to the model instead of to its user. */
export function instructionFinder(strict: boolean): Finder {
  const patterns = (strict ? [...PLAIN, ...SUSPICIOUS] : PLAIN).map(
    ([kind, pattern]) => [kind, new RegExp(pattern, 'gi')] as const,
  );
  return (text, report) => {
    if (!TRIGGER.test(text)) return;
    for (const [kind, pattern] of patterns) {
      eachMatch(pattern, text, ({ index, 0: phrase }) => report(kind, index, index + phrase.length));
    }
  };
}
