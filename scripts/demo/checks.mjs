/** JSON-RPC code for a tool that is absent or not granted. */
const UNKNOWN_TOOL = -32602;

/**
 * Finds the public name of each granted tool in a list that must hold these tools and no other.
 * @param grants server to its granted tools
 * @returns {Record<string, string>} `server/tool` to public name
 */
export function publicNames(tools, grants) {
  const granted = Object.entries(grants).flatMap(([server, names]) => names.map((tool) => [server, tool]));
  const listed = tools.map(({ name }) => name);
  const found = granted.map(([server, tool]) => [
    `${server}/${tool}`,
    listed.find((name) => name.startsWith(server) && name.endsWith(tool)),
  ]);
  const missing = found.filter(([, name]) => name === undefined).map(([tool]) => tool);
  if (missing.length > 0 || listed.length !== found.length) {
    throw new Error(
      `expected the ${found.length} granted tools, got: ${listed.join(', ')}; missing: ${missing.join(', ')}`,
    );
  }
  return Object.fromEntries(found);
}

/** Returns what a tool answered, which must be this text. */
export function expectText(result, text) {
  const [first] = result.content;
  if (result.isError === true || first?.text !== text) {
    throw new Error(`expected the text "${text}", got: ${JSON.stringify(result)}`);
  }
  return { content: result.content };
}

/** The error of a call that must be refused as one of an unknown tool. */
export async function refusalOf(call) {
  const error = await call.then(
    (result) => new Error(`the call was not refused: ${JSON.stringify(result)}`),
    (thrown) => thrown,
  );
  if (error.code !== UNKNOWN_TOOL) throw error;
  return error;
}
