import { Global, Module } from '@nestjs/common';
import { ServerReferences } from '../auth/server-references.js';
import { ConfiguredServersModule } from './configured/configured-servers.module.js';
import { RegisteredServerReferences } from './registered-server-references.js';

/** Global, because auth, which is below this room, asks for it by the class that auth itself defines. */
@Global()
@Module({
  imports: [ConfiguredServersModule],
  providers: [{ provide: ServerReferences, useClass: RegisteredServerReferences }],
  exports: [ServerReferences],
})
export class ServerReferencesModule {}
