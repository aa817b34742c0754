import { Controller, Get, Module } from '@nestjs/common';
import { RefundGuardrail } from './refund-guardrail.js';
import { RefundPolicy } from './refund-policy.js';

@Controller('refunds')
class RefundsController {
  constructor(private readonly policy: RefundPolicy) {}

  @Get('policy')
  read(): { highest: number } {
    return { highest: this.policy.highest };
  }
}

/** A room of the shop. That its guardrail is a provider is all that it takes. */
@Module({ controllers: [RefundsController], providers: [RefundPolicy, RefundGuardrail] })
export class RefundsModule {}
