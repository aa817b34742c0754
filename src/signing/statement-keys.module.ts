import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SigningKeyEntity } from './signing-key.entity.js';
import { StatementKeys } from './statement-keys.js';

/** Signatures that only the gateway itself checks. */
@Module({
  imports: [TypeOrmModule.forFeature([SigningKeyEntity])],
  providers: [StatementKeys],
  exports: [StatementKeys],
})
export class StatementKeysModule {}
