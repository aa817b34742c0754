import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WriteLogModule } from '../write-log/write-log.module.js';
import { AccessGuard } from './access.guard.js';
import { AuthChallenge } from './auth-challenge.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { CallerSeal } from './caller-seal.js';
import { CredentialWatch } from './credential-watch.js';
import { FailureLimiter } from './failure-limiter.js';
import { JwtStrategy } from './jwt.strategy.js';
import { JwtCallers } from './jwt/jwt-callers.js';
import { JwtVerifier } from './jwt/jwt-verifier.js';
import { KeyAssignment } from './key-assignment.js';
import { KeyAuthority } from './key-authority.js';
import { GatewayCredentials } from './gateway-credentials.js';
import { KeyDirectory } from './key-directory.js';
import { VirtualKeyEntity } from './key.entity.js';
import { KeyStore } from './key-store.js';
import { KeysController } from './keys.controller.js';
import { KeysService } from './keys.service.js';
import { LevelsModule } from './levels/levels.module.js';
import { MasterKeyStrategy } from './master-key.strategy.js';
import { NewUserController } from './new-user.controller.js';
import { NewUsers } from './new-users.js';
import { PrincipalAssembler } from './principal-assembler.js';
import { PublicUrl } from './public-url.js';
import { ResourceMetadataController } from './resource-metadata.controller.js';
import { ServerGrants } from './server-grants.js';
import { UndeclaredRoutes } from './undeclared-routes.js';
import { VirtualKeyStrategy } from './virtual-key.strategy.js';

/** Who calls, and may they use this route? Needs global providers of `ServerReferences`, `GrantReach` and `GuardrailNames`. */
@Module({
  imports: [
    DiscoveryModule,
    PassportModule,
    LevelsModule,
    WriteLogModule,
    TypeOrmModule.forFeature([VirtualKeyEntity]),
  ],
  controllers: [ResourceMetadataController, KeysController, NewUserController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    UndeclaredRoutes,
    MasterKeyStrategy,
    VirtualKeyStrategy,
    JwtStrategy,
    JwtVerifier,
    JwtCallers,
    CallerAuthenticator,
    GatewayCredentials,
    CallerSeal,
    AuthChallenge,
    CredentialWatch,
    PublicUrl,
    FailureLimiter,
    KeyDirectory,
    KeyStore,
    KeyAuthority,
    KeyAssignment,
    PrincipalAssembler,
    KeysService,
    NewUsers,
    ServerGrants,
  ],
  exports: [
    CallerAuthenticator,
    GatewayCredentials,
    CallerSeal,
    AuthChallenge,
    CredentialWatch,
    PublicUrl,
    KeyDirectory,
    KeysService,
    LevelsModule,
    PrincipalAssembler,
    ServerGrants,
  ],
})
export class AuthModule {}
