import { createHash } from 'node:crypto';
import type { Response } from 'express';

/** Text of a page that may hold anything: it is escaped. */
export interface Page {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** Where to go from here. */
  readonly link?: { readonly href: string; readonly text: string };
  readonly form?: KeyForm;
}

/** Asks for the gateway key of whoever sits in front of it. */
export interface KeyForm {
  readonly action: string;
  /** Value that the browser's cookie must match. */
  readonly token: string;
  readonly button: string;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}' +
  'h1{font-size:1.4rem}label{display:block;margin:1rem 0 .25rem}' +
  'input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit;border:1px solid #767676;border-radius:4px}' +
  'button,a.go{display:inline-block;margin-top:1rem;padding:.5rem 1rem;font:inherit;color:#fff;background:#0b57d0;' +
  'border:0;border-radius:4px;text-decoration:none}';
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const POLICY =
  `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; ` +
  "base-uri 'none'; frame-ancestors 'none'";
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/** Sends a page that works without scripts, cannot be framed and is not kept. */
export function sendPage(response: Response, status: number, page: Page): void {
  response
    .status(status)
    .setHeader('Content-Type', 'text/html; charset=utf-8')
    .setHeader('Content-Security-Policy', POLICY)
    .setHeader('Cache-Control', 'no-store')
    .setHeader('Referrer-Policy', 'no-referrer')
    .setHeader('X-Content-Type-Options', 'nosniff')
    .setHeader('X-Frame-Options', 'DENY')
    .send(render(page));
}

function render({ title, paragraphs, link, form }: Page): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body><main><h1>${escape(title)}</h1>`,
    ...paragraphs.map((text) => `<p>${escape(text)}</p>`),
    link === undefined ? '' : `<p><a class="go" href="${escape(link.href)}">${escape(link.text)}</a></p>`,
    form === undefined ? '' : renderForm(form),
    '</main></body></html>',
  ].join('');
}

function renderForm({ action, token, button }: KeyForm): string {
  return [
    `<form method="post" action="${escape(action)}" autocomplete="off">`,
    `<input type="hidden" name="token" value="${escape(token)}">`,
    '<label for="key">Your gateway key</label>',
    '<input id="key" name="key" type="password" required maxlength="16384" autocomplete="off">',
    `<button type="submit">${escape(button)}</button></form>`,
  ].join('');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
