/** A request that gets no answer but why. Owns the shape; who turns it into a page or a document is answers.ts. */

export class Refused extends Error {
  override readonly name = "Refused";
  /** HTTP status. */
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 421 | 429 | 500 | 503;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;

  /** `text`: what is wrong and what to do, in a sentence or two. */
  constructor(status: Refused["status"], title: string, text: string, headers: Readonly<Record<string, string>> = {}) {
    super(text);
    this.status = status;
    this.title = title;
    this.headers = headers;
  }
}
