interface Labelled<Child> {
  labels(...values: string[]): Child;
}

/**
 * The children of a metric by their label values. prom-client sorts and joins the labels at every look-up, which for a
 * counter on the tool-call path costs more than counting.
 */
export class LabelledMetric<Child> {
  private readonly children = new Map<string, Child>();

  constructor(private readonly metric: Labelled<Child>) {}

  /** Values in the order of the metric's label names. */
  of(values: readonly string[]): Child {
    const key = values.join('\n');
    let child = this.children.get(key);
    if (child === undefined) {
      child = this.metric.labels(...values);
      this.children.set(key, child);
    }
    return child;
  }
}
