import { eachMatch } from '../text/each-match.js';
import type { Finder } from '../text/finding.js';

/** A credential that is known by its beginning and its alphabet. Every repetition has a bound, so matching is linear. */
const SHAPES: readonly (readonly [kind: string, pattern: string])[] = [
  ['aws_access_key', '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])'],
  ['github_token', 'gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}'],
  ['gitlab_token', 'gl(?:pat|dt|rt|ptt|ft|soat|cbt)-[A-Za-z0-9_.-]{20,255}'],
  ['slack_token', 'xox[abeprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}'],
  ['slack_webhook', 'https://hooks\\.slack\\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,255}'],
  ['stripe_key', '[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9]{24,255}'],
  ['api_key', 'sk-[A-Za-z0-9_-]{20,255}'],
  ['google_key', 'AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,500}|GOCSPX-[A-Za-z0-9_-]{20,64}'],
  ['npm_token', 'npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])'],
  ['pypi_token', 'pypi-AgE[A-Za-z0-9_-]{50,500}'],
  ['sendgrid_key', 'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}'],
  ['huggingface_token', 'hf_[A-Za-z0-9]{30,64}'],
  ['digitalocean_token', 'do[opr]_v1_[a-f0-9]{64}'],
  ['shopify_token', 'shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}'],
  ['databricks_token', 'dapi[a-f0-9]{32}(?![a-f0-9])'],
  ['vault_token', 'hv[sbr]\\.[A-Za-z0-9_-]{24,255}'],
  ['atlassian_token', 'ATATT3[A-Za-z0-9_=-]{50,255}'],
  ['linear_key', 'lin_(?:api|oauth)_[A-Za-z0-9]{32,64}'],
  ['notion_token', 'ntn_[A-Za-z0-9]{40,64}|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])'],
  ['age_key', 'AGE-SECRET-KEY-1[A-Z0-9]{50,64}'],
  ['telegram_token', '\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])'],
  ['azure_storage_key', 'AccountKey=[A-Za-z0-9+/]{80,100}={0,2}'],
  ['azure_signature', '[?&]sig=[A-Za-z0-9%+/]{40,80}(?:%3D|=){0,2}'],
];
const ANY_SHAPE = new RegExp(
  SHAPES.map(([, pattern]) => (/^[[\\]/.test(pattern) ? `(${pattern})` : `(?<![A-Za-z0-9_])(${pattern})`)).join('|'),
  'g',
);

/** Keys and tokens of services that mark theirs. */
export const findTokens: Finder = (text, report) => {
  eachMatch(ANY_SHAPE, text, (match) => {
    const group = match.findIndex((part, index) => index > 0 && part !== undefined);
    report(SHAPES[group - 1]?.[0] ?? 'token', match.index, match.index + match[0].length);
  });
};
