import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';

/** Everything that `/metrics` shows. */
@Injectable()
export class MetricsRegistry extends Registry {
  /**
   * Adds figures that are looked up when somebody asks for them.
   * @param read calls `set` once for each combination of labels there is now
   */
  observe<Label extends string>(
    { name, help, labelNames }: { readonly name: string; readonly help: string; readonly labelNames: readonly Label[] },
    read: (set: (labels: Record<Label, string>, value: number) => void) => void | Promise<void>,
  ): void {
    const gauge: Gauge<Label> = new Gauge<Label>({
      ...{ name, help, labelNames, registers: [this] },
      collect: async () => {
        // What is gone is not shown any more.
        gauge.reset();
        await read((labels, value) => gauge.set(labels, value));
      },
    });
  }
}
