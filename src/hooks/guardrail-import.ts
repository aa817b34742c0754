import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../common/gatehouse-error.js';

const TYPESCRIPT = /\.[cm]?tsx?$/;

/** A guardrail that is asked for could not be loaded. The message names the entry and says what to do. */
export class GuardrailLoadError extends Error {}

/**
 * The default export of a module.
 * @param specifier a path, relative ones from the working directory, or a package name
 * @param label what asks for it, for messages
 * @throws GuardrailLoadError when it cannot be loaded or has no default export
 */
export async function importDefault(specifier: string, label: string): Promise<unknown> {
  if (TYPESCRIPT.test(specifier) && !readsTypeScript()) {
    const hint = 'compile it to JavaScript, or use a Node that reads TypeScript (22.18 or later)';
    throw new GuardrailLoadError(`${label} is TypeScript, which Node ${process.version} cannot load: ${hint}`);
  }
  let loaded: unknown;
  try {
    loaded = await import(urlOf(specifier));
  } catch (error) {
    throw new GuardrailLoadError(`${label} cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  throw new GuardrailLoadError(`${label} has no default export`);
}

/** Newer versions of Node strip types by themselves; they do not know decorators. */
function readsTypeScript(): boolean {
  return 'typescript' in process.features && Boolean(process.features.typescript);
}

function urlOf(specifier: string): string {
  if (specifier.startsWith('.') || isAbsolute(specifier)) return pathToFileURL(resolve(specifier)).href;
  // Packages are looked up from where the gateway was started, not from where it is installed.
  return pathToFileURL(createRequire(resolve('package.json')).resolve(specifier)).href;
}
