import { createHash } from 'node:crypto';
import type { Response } from 'express';

/** One field of a form. Values that are stored are never shown. */
export interface PageField {
  readonly name: string;
  readonly label: string;
  readonly hint: string | null;
  readonly isRequired: boolean;
}

export interface PageForm {
  readonly fields: readonly PageField[];
  /** Members that the user does not see. */
  readonly hidden: Readonly<Record<string, string>>;
  /** Value of `action` and label of each button. */
  readonly buttons: Readonly<Record<string, string>>;
}

/** A small page. All texts are escaped here. */
export interface Page {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** What went wrong; null: nothing. */
  readonly fault: string | null;
  /** http or https; null: none. */
  readonly helpUrl: string | null;
  readonly form: PageForm | null;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'label{display:block;margin-top:1rem;font-weight:600}small{display:block;color:#555}' +
  'input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit;border:1px solid #767676;border-radius:4px}' +
  'button{margin:1.5rem .5rem 0 0;padding:.5rem 1.25rem;font:inherit;border:1px solid #1a56b0;border-radius:4px;' +
  'background:#1a56b0;color:#fff}button[value=remove]{background:#fff;color:#8a1c1c;border-color:#8a1c1c}' +
  '[role=alert]{padding:.75rem;border-left:4px solid #8a1c1c;background:#fdf0f0}';
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing but this page: no scripts, no frames, no other origin, nothing kept. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function sendPage(response: Response, status: number, page: Page): void {
  response.status(status).set(HEADERS).send(htmlOf(page));
}

function htmlOf({ title, paragraphs, fault, helpUrl, form }: Page): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body><main><h1>${escape(title)}</h1>`,
    ...(fault === null ? [] : [`<p role="alert">${escape(fault)}</p>`]),
    ...paragraphs.map((text) => `<p>${escape(text)}</p>`),
    ...(helpUrl === null ? [] : [`<p><a href="${escape(helpUrl)}" rel="noreferrer">Where to get it</a></p>`]),
    ...(form === null ? [] : [formOf(form)]),
    '</main></body></html>',
  ].join('');
}

function formOf({ fields, hidden, buttons }: PageForm): string {
  return [
    '<form method="post">',
    ...Object.entries(hidden).map(
      ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
    ),
    ...fields.map(fieldOf),
    ...Object.entries(buttons).map(
      ([action, label]) =>
        `<button name="action" value="${escape(action)}"${action === 'remove' ? ' formnovalidate' : ''}>${escape(label)}</button>`,
    ),
    '</form>',
  ].join('');
}

function fieldOf({ name, label, hint, isRequired }: PageField): string {
  const small = hint === null ? '' : `<small>${escape(hint)}</small>`;
  const required = isRequired ? ' required' : '';
  return `<label for="${escape(name)}">${escape(label)}</label>${small}<input id="${escape(name)}" name="${escape(name)}" type="password" autocomplete="off"${required}>`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
