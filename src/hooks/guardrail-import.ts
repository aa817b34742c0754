import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, systemCodeOf } from '../common/gatehouse-error.js';

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
  let loaded: unknown;
  try {
    loaded = await import(urlOf(specifier));
  } catch (error) {
    throw new GuardrailLoadError(`${label} ${faultOf(specifier, error)}`, { cause: error });
  }
  if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  throw new GuardrailLoadError(`${label} has no default export`);
}

/** Asked of Node by trying: newer versions strip types, and a loader like tsx can be registered in every version. */
function faultOf(specifier: string, error: unknown): string {
  const unreadable = TYPESCRIPT.test(specifier) && systemCodeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION';
  if (!unreadable) return `cannot be loaded: ${messageOf(error)}`;
  const remedy = "compile it to JavaScript, or install tsx beside it and start with NODE_OPTIONS='--import tsx'";
  return `is TypeScript, which Node ${process.version} cannot load: ${remedy}`;
}

function urlOf(specifier: string): string {
  if (specifier.startsWith('.') || isAbsolute(specifier)) return pathToFileURL(resolve(specifier)).href;
  // Packages are looked up from where the gateway was started, not from where it is installed.
  return pathToFileURL(createRequire(resolve('package.json')).resolve(specifier)).href;
}
