import { Global, Module } from '@nestjs/common';
import { OutboundClient } from './outbound-client.js';

/** The way out of the house. */
@Global()
@Module({ providers: [OutboundClient], exports: [OutboundClient] })
export class OutboundModule {}
