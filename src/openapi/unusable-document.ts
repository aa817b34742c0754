/** A description of an API that no tools can be made of. The message continues "the document cannot be used: ". */
export class UnusableDocument extends Error {
  override readonly name = 'UnusableDocument';
}
