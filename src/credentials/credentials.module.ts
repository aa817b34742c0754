import { Module } from '@nestjs/common';
import { UpstreamCredentials } from './upstream-credentials.js';

/** What the gateway presents to upstreams. */
@Module({
  providers: [UpstreamCredentials],
  exports: [UpstreamCredentials],
})
export class CredentialsModule {}
