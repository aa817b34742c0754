import { Global, Module } from '@nestjs/common';
import { ToolsetReferences } from '../auth/toolset-references.js';
import { StoredToolsetReferences } from './stored-toolset-references.js';

/** Global, because auth, which is below this room, asks for it by the class that auth itself defines. */
@Global()
@Module({
  providers: [{ provide: ToolsetReferences, useClass: StoredToolsetReferences }],
  exports: [ToolsetReferences],
})
export class ToolsetReferencesModule {}
