import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ForwardedPeers } from './forwarded-peer.js';
import { ReplicaEntity } from './replica.entity.js';
import { ReplicaRoster } from './replica-roster.js';
import { RequestHandover } from './request-handover.js';

/** The other processes of this gateway, and the way to them for requests that only one of them can answer. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([ReplicaEntity])],
  providers: [ReplicaRoster, ForwardedPeers, RequestHandover],
  exports: [ReplicaRoster, ForwardedPeers, RequestHandover],
})
export class ReplicasModule {}
