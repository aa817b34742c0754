import { Controller, Get, Module, Post, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { Public, RequireRole } from '../common/access.decorator.js';
import { UndeclaredRoutes } from './undeclared-routes.js';

@Controller('declared')
class Declared {
  @Get()
  @RequireRole('admin')
  read(): string {
    return 'read';
  }

  @Post()
  @Public()
  write(): string {
    return 'write';
  }

  helper(): string {
    return 'not a route';
  }
}

@Controller('by-class')
@RequireRole('any')
class DeclaredByClass {
  @Get()
  read(): string {
    return 'read';
  }
}

@Controller('forgotten')
class Forgotten {
  @Get()
  @RequireRole('any')
  read(): string {
    return 'read';
  }

  @Post()
  write(): string {
    return 'write';
  }
}

@Module({ imports: [DiscoveryModule], providers: [UndeclaredRoutes] })
class CheckModule {}

async function boot(...controllers: Type<unknown>[]): Promise<void> {
  const built = await Test.createTestingModule({ imports: [CheckModule], controllers }).compile();
  await built.init();
  await built.close();
}

describe('UndeclaredRoutes', () => {
  it('lets an application start whose routes all say who may use them', async () => {
    await expect(boot(Declared, DeclaredByClass)).resolves.toBeUndefined();
  });

  it('stops the boot and names each route that does not', async () => {
    await expect(boot(Declared, Forgotten)).rejects.toThrow(
      'These routes need @RequireRole(...) or @Public(): Forgotten.write',
    );
  });
});
