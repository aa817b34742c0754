/** A curl command as a request. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Words of a shell command, without quotes and line continuations; ends at a pipe. */
function wordsOf(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.replaceAll('\\\n', ' ').matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (word === '|') break;
    words.push(
      word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_all, double?: string, single?: string) => double ?? single ?? ''),
    );
  }
  return words;
}

/** Reads the options that LiteLLM's documents use; any other one is an error. */
export function parseCurl(command: string): CurlRequest {
  const [program, ...words] = wordsOf(command);
  if (program !== 'curl') throw new Error(`not a curl command: ${command}`);
  const headers: Record<string, string> = {};
  let [method, url, body]: [string | null, string | null, string | null] = [null, null, null];
  while (words.length > 0) {
    const word = words.shift() ?? '';
    if (word === '-X' || word === '--request') method = words.shift() ?? null;
    else if (word === '-H' || word === '--header') {
      const [, name = '', value = ''] = /^([^:]+): (.*)$/s.exec(words.shift() ?? '') ?? [];
      headers[name] = value;
    } else if (['-d', '--data', '--data-raw'].includes(word)) body = words.shift() ?? null;
    else if (word.startsWith('-')) {
      if (!['-s', '-L', '--location'].includes(word)) throw new Error(`the option ${word} is not known here`);
    } else url = word;
  }
  if (url === null) throw new Error(`no URL in: ${command}`);
  return { method: method ?? (body === null ? 'GET' : 'POST'), url, headers, body };
}
