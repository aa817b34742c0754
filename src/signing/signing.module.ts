import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { WriteLogModule } from '../write-log/write-log.module.js';
import { JwksController } from './jwks.controller.js';
import { SigningKeyEntity } from './signing-key.entity.js';
import { SigningKeyStore } from './signing-key.store.js';
import { SigningKeysController } from './signing-keys.controller.js';
import { SigningKeys } from './signing-keys.js';

/** Keys that the gateway signs tokens with. */
@Module({
  imports: [AuthModule, WriteLogModule, TypeOrmModule.forFeature([SigningKeyEntity])],
  controllers: [JwksController, SigningKeysController],
  providers: [SigningKeyStore, SigningKeys],
  exports: [SigningKeys],
})
export class SigningModule {}
