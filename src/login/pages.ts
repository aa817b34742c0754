import { hash } from 'node:crypto';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c1e21}
main{max-width:30rem;margin:4rem auto;padding:2rem;background:#fff;border-radius:8px;box-shadow:0 1px 4px #0003}
h1{font-size:1.3rem;margin-top:0}dt{color:#5c6370}dd{margin:0 0 .6rem;font-weight:600;overflow-wrap:anywhere}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.3rem 0 1rem}
button{font:inherit;padding:.5rem 1.2rem;border:1px solid #1c4e80;border-radius:4px;background:#fff;color:#1c4e80}
button.first{background:#1c4e80;color:#fff}.fault{color:#a4161a}`;
const STYLE_HASH = `'sha256-${hash('sha256', STYLE, 'base64')}'`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is markup already. Only this file makes it. */
class Markup {
  constructor(readonly text: string) {}
}

/** A page with the origins that its form may lead to. */
export interface Page {
  readonly title: string;
  readonly content: Markup;
  /** Besides the gateway itself: a form's redirects are checked, too. */
  readonly formTargets?: readonly string[];
}

/** What a user is asked to agree to. */
export interface ConsentQuestion {
  readonly clientName: string;
  /** Where the client says it lives; null: it registered itself, so nobody vouches for its name. */
  readonly clientHost: string | null;
  /** Where the answer goes. */
  readonly redirect: string;
  /** Where a form may be redirected to in the end. */
  readonly redirectSource: string;
  readonly userName: string;
  readonly gateway: string;
  readonly csrf: string;
}

/** A page that only says something. */
export function loginPage({ title, text }: { readonly title: string; readonly text: string }): Page {
  return { title, content: markup`<p>${text}</p>` };
}

/** Asks for a virtual key. */
export function keyPage(csrf: string, clientName: string, fault: string | null): Page {
  return {
    title: 'Log in to the gateway',
    content: markup`<p>${clientName} wants to connect. Prove who you are with your virtual key; the client does not get to
see it.</p>${fault === null ? '' : markup`<p class="fault" role="alert">${fault}</p>`}
<form method="post" autocomplete="off"><input type="hidden" name="csrf" value="${csrf}">
<label>Virtual key<input type="password" name="key" required maxlength="256" placeholder="sk-…" autofocus></label>
<button class="first">Log in</button></form>`,
  };
}

/** Asks a user for consent. */
export function consentPage(question: ConsentQuestion): Page {
  const { clientName, clientHost, redirect, redirectSource, userName, gateway, csrf } = question;
  const origin =
    clientHost === null
      ? markup`<p class="fault">This application registered itself; nobody has checked its name. Go on only if you have just
started to connect it.</p>`
      : markup`<p>This application is published at ${clientHost}.</p>`;
  return {
    title: `Allow ${clientName} to use the gateway?`,
    formTargets: [redirectSource],
    content: markup`<p>It will see and call the MCP tools that you may use, in your name, until you take it back or the
login ends.</p>${origin}<dl><dt>Application</dt><dd>${clientName}</dd><dt>The answer goes to</dt><dd>${redirect}</dd>
<dt>Gateway</dt><dd>${gateway}</dd><dt>You are</dt><dd>${userName}</dd></dl>
<form method="post"><input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="deny">Deny</button> <button class="first" name="decision" value="allow">Allow</button></form>`,
  };
}

/** The page as a response: no scripts, no frames, nothing from elsewhere, nothing kept. */
export function sendPage({ title, content, formTargets = [] }: Page): {
  readonly body: string;
  readonly headers: Record<string, string>;
} {
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><style>${new Markup(STYLE)}</style></head><body><main><h1>${title}</h1>${content}</main></body></html>`;
  const policy = [
    `default-src 'none'`,
    `style-src ${STYLE_HASH}`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ];
  return {
    body: page.text,
    headers: {
      'content-security-policy': policy.join('; '),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
  };
}

/** Escapes everything that is put into it, unless it was made by this function. */
function markup(parts: TemplateStringsArray, ...values: readonly (string | Markup)[]): Markup {
  const filled = values.map((value) => (value instanceof Markup ? value.text : escaped(value)));
  return new Markup(parts.map((part, index) => `${part}${filled[index] ?? ''}`).join(''));
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
