import { Injectable } from '@nestjs/common';

/** A rule of the shop, used by its own routes and by its guardrail. */
@Injectable()
export class RefundPolicy {
  /** In euros. */
  readonly highest = 100;

  allows(amount: number): boolean {
    return amount <= this.highest;
  }
}
