import { Module } from '@nestjs/common';
import { ParkedCalls } from './parked-calls.js';
import { RequestStates } from './request-states.js';

/** Calls that wait for a client which repeats its request, and the sealed state by which it finds them again. */
@Module({
  providers: [RequestStates, ParkedCalls],
  exports: [ParkedCalls],
})
export class ParkedCallsModule {}
