import { Inject, Injectable } from '@nestjs/common';
import { isIPv6 } from 'node:net';
import { CONFIG, type Config } from '../config/config.js';

/** Base of every URL that the gateway hands out: as configured, else the address it listens on. */
@Injectable()
export class PublicUrl {
  private listeningPort: number;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.listeningPort = config.port;
  }

  /** Told at start, since the system may have picked the port. */
  listensOn(port: number): void {
    this.listeningPort = port;
  }

  /** Without a trailing slash. */
  get base(): string {
    if (this.config.publicBaseUrl !== null) return this.config.publicBaseUrl;
    const host = isIPv6(this.config.host) ? `[${this.config.host}]` : this.config.host;
    return `http://${host}:${this.listeningPort}`;
  }
}
