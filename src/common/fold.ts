/** What {@link fold} leaves as it is: most ids and names. */
const FOLDED = /^[ -@[-~]*$/;

/** NFKC and lower case: how references, names and deny lists are compared. */
export function fold(text: string): string {
  return FOLDED.test(text) ? text : text.normalize('NFKC').toLowerCase();
}
