/** Room for the prefix of the server within the 128 characters that names may have. */
const LONGEST = 96;

/** Gives every operation a name of its own, the same one for the same document, as LiteLLM does. */
export class ToolNames {
  private readonly taken = new Set<string>();

  nameFor(operationId: unknown, method: string, path: string): string {
    const written = typeof operationId === 'string' && operationId !== '' ? operationId : `${method}_${path}`;
    const base = written
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '_')
      .slice(0, LONGEST);
    let name = base;
    for (let number = 2; this.taken.has(name); number++) name = `${base.slice(0, LONGEST - 5)}_${number}`;
    this.taken.add(name);
    return name;
  }
}
