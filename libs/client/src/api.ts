/**
 * Made from control's OpenAPI document by scripts/client-types.ts; made anew by
 * npx vitest run --project integration apps/control/test/docs.integration.test.ts -u
 */

export type Region = {
  name: string;
  description: string;
  filesLimits?: Record<string, number>;
  kafka: {
    brokers: string[];
    tls?: {
      ca?: string;
      verify: boolean;
      cert?: string;
      keySet?: true;
      keyFrom?: string;
    };
    sasl?: {
      mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      user: string;
      passwordSet: true;
      passwordFrom?: string;
    };
  };
};

export type RegionInput = {
  name: string;
  description?: string;
  filesLimits?: Record<string, number>;
  kafka: {
    brokers: string[];
    tls?: {
      ca?: string;
      verify?: boolean;
      cert?: string;
      key?: string;
      keySet?: boolean;
      keyFrom?: string;
    };
    sasl?: {
      mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      user: string;
      password?: string;
      passwordSet?: boolean;
      passwordFrom?: string;
    };
  };
};

export type Endpoint = {
  name: string;
  region: string;
  description: string;
  host: string;
  port: number;
  standbys?: {
    host: string;
    port: number;
  }[];
  user: string;
  tls?: {
    mode: 'off';
  } | {
    ca?: string;
    verify: boolean;
    mode?: 'on';
  };
  publicKey?: string;
  serverId: number;
  autoRestart?: string[];
  start: {
    from: 'now';
  } | {
    from: 'gtid';
    gtidSet: string;
  } | {
    from: 'position';
    file: string;
    pos: number;
  };
  topic: {
    replicationFactor: number;
    minInsyncReplicas: number;
    retentionMs: number;
    maxMessageBytes: number;
  };
  passwordSet: true;
  passwordFrom?: string;
};

export type EndpointInput = {
  name: string;
  region: string;
  description?: string;
  host: string;
  port?: number;
  standbys?: {
    host: string;
    port?: number;
  }[];
  user: string;
  tls?: {
    mode: 'off';
  } | {
    ca?: string;
    verify?: boolean;
    mode?: 'on';
  };
  publicKey?: string;
  serverId: number;
  autoRestart?: string[];
  start?: {
    from: 'now';
  } | {
    from: 'gtid';
    gtidSet: string;
  } | {
    from: 'position';
    file: string;
    pos: number;
  };
  topic?: {
    replicationFactor?: number;
    minInsyncReplicas?: number;
    retentionMs?: number;
    maxMessageBytes?: number;
  };
  password?: string;
  passwordSet?: boolean;
  passwordFrom?: string;
};

export type CheckResult = {
  ok: boolean;
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type Status = {
  zooKeeper: 'connected' | 'disconnected';
  revision: number | null;
  invalid: string[];
  channels: {
    name: string;
    desired: 'running' | 'paused' | 'stopped';
    state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
    routes: 'in force' | 'pending';
    omissions: {
      count: number;
      summary: string | null;
      items: {
        kind: 'ddl' | 'skip' | 'force' | 'suspend' | 'drop';
        what: string;
        tables: string[];
        where: string;
        at: number;
        of: string;
      }[];
      confirmed: {
        by: string;
        reason: string;
        at: number;
      } | null;
    };
    verification: {
      id: string;
      state: string;
      pass: number;
      waitingFor: string | null;
      rowsDone: number;
      rowsEstimated: number | null;
      endedAt: number | null;
      tables: {
        equal: number;
        different: number;
        unsettled: number;
        refused: number;
        open: number;
      };
      repair: {
        id: string;
        repaired: number;
        changed: number;
        refused: number;
        left: number;
        files?: {
          repaired: number;
          refused: number;
          left: number;
        };
        orphans?: {
          gone: number;
          kept: number;
          left: number;
        };
        waitingFor: string | null;
        begunAt: number;
        endedAt: number | null;
      } | null;
      notEqual: {
        pipeline: string;
        table: string;
        verdict: 'equal' | 'different' | 'unsettled' | 'refused' | null;
        text: string;
      }[];
    } | null;
    unequal: {
      count: number;
      tables: {
        pipeline: string;
        table: string;
        cause: string;
        since: string;
        reason: string;
      }[];
      unasked: string[];
    } | null;
    pipelines: {
      id: string;
      uid: string;
      name: string;
      desired: 'running' | 'paused' | 'stopped';
      state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
      reason: string | null;
      routes: 'in force' | 'pending';
      routesReason: string | null;
      lagMs: number | null;
      rowsPerSecond: number;
      rows: number;
      transactions: number;
      position: {
        file: string;
        pos: number;
        gtidSet: string | null;
        fileCreated?: number;
      } | null;
      suspended: {
        database: string;
        name: string;
        code: string;
        message: string;
        where: string;
        at: number;
        because?: string;
      }[];
      held: {
        log: string;
        seq: number;
        reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
        message: string;
        statement: string;
        tables: {
          database: string;
          name: string;
        }[];
        ways: ('run' | 'done' | 'skip' | 'seed')[];
        enters?: {
          database: string;
          name: string;
        }[];
        since: number;
      } | null;
      seed: {
        id: string;
        state: string;
        tables: {
          seeding: number;
          done: number;
          cancelled: number;
        };
        rows: number;
        clashes: number;
        after: string[];
      } | null;
      lastError: {
        code: string;
        message: string;
        help: string;
        at: number;
        details: Record<string, unknown>;
      } | null;
      source: {
        endpoint: string;
        state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
        reason: string | null;
        worker: {
          app: 'capture' | 'loader' | 'files';
          name: string;
          uid: string | null;
          instance: string;
          state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed';
          waitingFor: string | null;
          epoch: number | null;
          rows: number;
          transactions: number;
          rowsPerSecond: number;
          lagMs: number | null;
          position: {
            file: string;
            pos: number;
            gtidSet: string | null;
            fileCreated?: number;
          } | null;
          sourceEnd: {
            file: string;
            pos: number;
            at: number;
          } | null;
          prepared: {
            count: number;
            xid: string;
            file: string;
            pos: number;
            sinceMs: number;
          } | null;
          log: string | null;
          seq: number | null;
          offset: number | null;
          marked: number;
          skipped: number;
          ignored: number;
          routes: Record<string, string> | null;
          suspended: {
            database: string;
            name: string;
            code: string;
            message: string;
            where: string;
            at: number;
            because?: string;
          }[] | null;
          resync: {
            waiting: number;
            problem: string | null;
          } | null;
          configuration: {
            revision: number;
            write: string;
            regressed: boolean;
          } | null;
          seeds?: {
            uid: string;
            request: string;
            state: 'running' | 'paused' | 'cancelled' | 'done';
            tables: number;
            tablesDone: number;
            refused: {
              database: string;
              table: string;
              code: string;
              message: string;
            }[];
            rows: number;
            rowsEstimated: number | null;
            rowsPerSecond: number;
            etaMs: number | null;
            waitingFor: string | null;
          }[];
          hold?: {
            log: string;
            seq: number;
            record: string;
            reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
            message: string;
            statement: string;
            sql: string;
            here: string | null;
            tables: {
              database: string;
              name: string;
            }[];
            ways: ('run' | 'done' | 'skip' | 'seed')[];
            enters?: {
              database: string;
              name: string;
            }[];
            since: number;
          };
          ddl?: {
            log: string;
            seq: number;
            statement: string;
            here: string;
            since: number;
            progress: number | null;
            blockers: string[];
          };
          files?: {
            rows: number;
            files: number;
            waiting: {
              root: string;
              path: string;
              database: string;
              table: string;
              key: string;
              phase: 'asked' | 'hashing' | 'sending' | 'checking' | 'missing' | 'unstable';
              size: number | null;
              done: number;
              bytesPerSecond: number;
              since: number;
            }[];
            trouble?: {
              code: string;
              message: string;
              since: number;
            };
            held?: {
              root: string;
              files: number;
            }[];
          };
          lastError: {
            code: string;
            message: string;
            help: string;
            at: number;
            details: Record<string, unknown>;
          } | null;
          restarts?: {
            code: string;
            at: number;
          }[];
          updatedAt: number;
        } | null;
        standbys: string[];
      };
      target: {
        endpoint: string;
        state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
        reason: string | null;
        worker: {
          app: 'capture' | 'loader' | 'files';
          name: string;
          uid: string | null;
          instance: string;
          state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed';
          waitingFor: string | null;
          epoch: number | null;
          rows: number;
          transactions: number;
          rowsPerSecond: number;
          lagMs: number | null;
          position: {
            file: string;
            pos: number;
            gtidSet: string | null;
            fileCreated?: number;
          } | null;
          sourceEnd: {
            file: string;
            pos: number;
            at: number;
          } | null;
          prepared: {
            count: number;
            xid: string;
            file: string;
            pos: number;
            sinceMs: number;
          } | null;
          log: string | null;
          seq: number | null;
          offset: number | null;
          marked: number;
          skipped: number;
          ignored: number;
          routes: Record<string, string> | null;
          suspended: {
            database: string;
            name: string;
            code: string;
            message: string;
            where: string;
            at: number;
            because?: string;
          }[] | null;
          resync: {
            waiting: number;
            problem: string | null;
          } | null;
          configuration: {
            revision: number;
            write: string;
            regressed: boolean;
          } | null;
          seeds?: {
            uid: string;
            request: string;
            state: 'running' | 'paused' | 'cancelled' | 'done';
            tables: number;
            tablesDone: number;
            refused: {
              database: string;
              table: string;
              code: string;
              message: string;
            }[];
            rows: number;
            rowsEstimated: number | null;
            rowsPerSecond: number;
            etaMs: number | null;
            waitingFor: string | null;
          }[];
          hold?: {
            log: string;
            seq: number;
            record: string;
            reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
            message: string;
            statement: string;
            sql: string;
            here: string | null;
            tables: {
              database: string;
              name: string;
            }[];
            ways: ('run' | 'done' | 'skip' | 'seed')[];
            enters?: {
              database: string;
              name: string;
            }[];
            since: number;
          };
          ddl?: {
            log: string;
            seq: number;
            statement: string;
            here: string;
            since: number;
            progress: number | null;
            blockers: string[];
          };
          files?: {
            rows: number;
            files: number;
            waiting: {
              root: string;
              path: string;
              database: string;
              table: string;
              key: string;
              phase: 'asked' | 'hashing' | 'sending' | 'checking' | 'missing' | 'unstable';
              size: number | null;
              done: number;
              bytesPerSecond: number;
              since: number;
            }[];
            trouble?: {
              code: string;
              message: string;
              since: number;
            };
            held?: {
              root: string;
              files: number;
            }[];
          };
          lastError: {
            code: string;
            message: string;
            help: string;
            at: number;
            details: Record<string, unknown>;
          } | null;
          restarts?: {
            code: string;
            at: number;
          }[];
          updatedAt: number;
        } | null;
        standbys: string[];
      };
    }[];
  }[];
};

export type ChannelStatus = {
  name: string;
  desired: 'running' | 'paused' | 'stopped';
  state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
  routes: 'in force' | 'pending';
  omissions: {
    count: number;
    summary: string | null;
    items: {
      kind: 'ddl' | 'skip' | 'force' | 'suspend' | 'drop';
      what: string;
      tables: string[];
      where: string;
      at: number;
      of: string;
    }[];
    confirmed: {
      by: string;
      reason: string;
      at: number;
    } | null;
  };
  verification: {
    id: string;
    state: string;
    pass: number;
    waitingFor: string | null;
    rowsDone: number;
    rowsEstimated: number | null;
    endedAt: number | null;
    tables: {
      equal: number;
      different: number;
      unsettled: number;
      refused: number;
      open: number;
    };
    repair: {
      id: string;
      repaired: number;
      changed: number;
      refused: number;
      left: number;
      files?: {
        repaired: number;
        refused: number;
        left: number;
      };
      orphans?: {
        gone: number;
        kept: number;
        left: number;
      };
      waitingFor: string | null;
      begunAt: number;
      endedAt: number | null;
    } | null;
    notEqual: {
      pipeline: string;
      table: string;
      verdict: 'equal' | 'different' | 'unsettled' | 'refused' | null;
      text: string;
    }[];
  } | null;
  unequal: {
    count: number;
    tables: {
      pipeline: string;
      table: string;
      cause: string;
      since: string;
      reason: string;
    }[];
    unasked: string[];
  } | null;
  pipelines: {
    id: string;
    uid: string;
    name: string;
    desired: 'running' | 'paused' | 'stopped';
    state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
    reason: string | null;
    routes: 'in force' | 'pending';
    routesReason: string | null;
    lagMs: number | null;
    rowsPerSecond: number;
    rows: number;
    transactions: number;
    position: {
      file: string;
      pos: number;
      gtidSet: string | null;
      fileCreated?: number;
    } | null;
    suspended: {
      database: string;
      name: string;
      code: string;
      message: string;
      where: string;
      at: number;
      because?: string;
    }[];
    held: {
      log: string;
      seq: number;
      reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
      message: string;
      statement: string;
      tables: {
        database: string;
        name: string;
      }[];
      ways: ('run' | 'done' | 'skip' | 'seed')[];
      enters?: {
        database: string;
        name: string;
      }[];
      since: number;
    } | null;
    seed: {
      id: string;
      state: string;
      tables: {
        seeding: number;
        done: number;
        cancelled: number;
      };
      rows: number;
      clashes: number;
      after: string[];
    } | null;
    lastError: {
      code: string;
      message: string;
      help: string;
      at: number;
      details: Record<string, unknown>;
    } | null;
    source: {
      endpoint: string;
      state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
      reason: string | null;
      worker: {
        app: 'capture' | 'loader' | 'files';
        name: string;
        uid: string | null;
        instance: string;
        state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed';
        waitingFor: string | null;
        epoch: number | null;
        rows: number;
        transactions: number;
        rowsPerSecond: number;
        lagMs: number | null;
        position: {
          file: string;
          pos: number;
          gtidSet: string | null;
          fileCreated?: number;
        } | null;
        sourceEnd: {
          file: string;
          pos: number;
          at: number;
        } | null;
        prepared: {
          count: number;
          xid: string;
          file: string;
          pos: number;
          sinceMs: number;
        } | null;
        log: string | null;
        seq: number | null;
        offset: number | null;
        marked: number;
        skipped: number;
        ignored: number;
        routes: Record<string, string> | null;
        suspended: {
          database: string;
          name: string;
          code: string;
          message: string;
          where: string;
          at: number;
          because?: string;
        }[] | null;
        resync: {
          waiting: number;
          problem: string | null;
        } | null;
        configuration: {
          revision: number;
          write: string;
          regressed: boolean;
        } | null;
        seeds?: {
          uid: string;
          request: string;
          state: 'running' | 'paused' | 'cancelled' | 'done';
          tables: number;
          tablesDone: number;
          refused: {
            database: string;
            table: string;
            code: string;
            message: string;
          }[];
          rows: number;
          rowsEstimated: number | null;
          rowsPerSecond: number;
          etaMs: number | null;
          waitingFor: string | null;
        }[];
        hold?: {
          log: string;
          seq: number;
          record: string;
          reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
          message: string;
          statement: string;
          sql: string;
          here: string | null;
          tables: {
            database: string;
            name: string;
          }[];
          ways: ('run' | 'done' | 'skip' | 'seed')[];
          enters?: {
            database: string;
            name: string;
          }[];
          since: number;
        };
        ddl?: {
          log: string;
          seq: number;
          statement: string;
          here: string;
          since: number;
          progress: number | null;
          blockers: string[];
        };
        files?: {
          rows: number;
          files: number;
          waiting: {
            root: string;
            path: string;
            database: string;
            table: string;
            key: string;
            phase: 'asked' | 'hashing' | 'sending' | 'checking' | 'missing' | 'unstable';
            size: number | null;
            done: number;
            bytesPerSecond: number;
            since: number;
          }[];
          trouble?: {
            code: string;
            message: string;
            since: number;
          };
          held?: {
            root: string;
            files: number;
          }[];
        };
        lastError: {
          code: string;
          message: string;
          help: string;
          at: number;
          details: Record<string, unknown>;
        } | null;
        restarts?: {
          code: string;
          at: number;
        }[];
        updatedAt: number;
      } | null;
      standbys: string[];
    };
    target: {
      endpoint: string;
      state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed' | 'absent';
      reason: string | null;
      worker: {
        app: 'capture' | 'loader' | 'files';
        name: string;
        uid: string | null;
        instance: string;
        state: 'starting' | 'standby' | 'running' | 'waiting' | 'held' | 'paused' | 'stopped' | 'failed';
        waitingFor: string | null;
        epoch: number | null;
        rows: number;
        transactions: number;
        rowsPerSecond: number;
        lagMs: number | null;
        position: {
          file: string;
          pos: number;
          gtidSet: string | null;
          fileCreated?: number;
        } | null;
        sourceEnd: {
          file: string;
          pos: number;
          at: number;
        } | null;
        prepared: {
          count: number;
          xid: string;
          file: string;
          pos: number;
          sinceMs: number;
        } | null;
        log: string | null;
        seq: number | null;
        offset: number | null;
        marked: number;
        skipped: number;
        ignored: number;
        routes: Record<string, string> | null;
        suspended: {
          database: string;
          name: string;
          code: string;
          message: string;
          where: string;
          at: number;
          because?: string;
        }[] | null;
        resync: {
          waiting: number;
          problem: string | null;
        } | null;
        configuration: {
          revision: number;
          write: string;
          regressed: boolean;
        } | null;
        seeds?: {
          uid: string;
          request: string;
          state: 'running' | 'paused' | 'cancelled' | 'done';
          tables: number;
          tablesDone: number;
          refused: {
            database: string;
            table: string;
            code: string;
            message: string;
          }[];
          rows: number;
          rowsEstimated: number | null;
          rowsPerSecond: number;
          etaMs: number | null;
          waitingFor: string | null;
        }[];
        hold?: {
          log: string;
          seq: number;
          record: string;
          reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
          message: string;
          statement: string;
          sql: string;
          here: string | null;
          tables: {
            database: string;
            name: string;
          }[];
          ways: ('run' | 'done' | 'skip' | 'seed')[];
          enters?: {
            database: string;
            name: string;
          }[];
          since: number;
        };
        ddl?: {
          log: string;
          seq: number;
          statement: string;
          here: string;
          since: number;
          progress: number | null;
          blockers: string[];
        };
        files?: {
          rows: number;
          files: number;
          waiting: {
            root: string;
            path: string;
            database: string;
            table: string;
            key: string;
            phase: 'asked' | 'hashing' | 'sending' | 'checking' | 'missing' | 'unstable';
            size: number | null;
            done: number;
            bytesPerSecond: number;
            since: number;
          }[];
          trouble?: {
            code: string;
            message: string;
            since: number;
          };
          held?: {
            root: string;
            files: number;
          }[];
        };
        lastError: {
          code: string;
          message: string;
          help: string;
          at: number;
          details: Record<string, unknown>;
        } | null;
        restarts?: {
          code: string;
          at: number;
        }[];
        updatedAt: number;
      } | null;
      standbys: string[];
    };
  }[];
};

export type ConfirmationInput = {
  count: number;
  by: string;
  reason: string;
};

export type Omissions = {
  count: number;
  summary: string | null;
  items: {
    kind: 'ddl' | 'skip' | 'force' | 'suspend' | 'drop';
    what: string;
    tables: string[];
    where: string;
    at: number;
    of: string;
  }[];
  confirmed: {
    by: string;
    reason: string;
    at: number;
  } | null;
};

export type Level = {
  level: number;
  by: string;
  at: number;
  contents: Record<string, string>;
  processes: {
    app: string;
    instance: string;
    region: string | null;
    version: string;
    levels: number[];
    keys: string[];
    since: number;
    files?: {
      url: string;
      roots: string[];
      places: string[];
    };
  }[];
  next: {
    level: number;
    blocks: {
      instance: string;
      what: string;
      fix: string;
    }[];
  } | null;
};

export type LevelInput = {
  level: number;
};

export type Channel = {
  name: string;
  description: string;
  pipelines: {
    name: string;
    source: string;
    target: string;
    routes: {
      schema: string;
      table: string;
      exclude?: string[];
      to?: {
        schema?: string;
        table?: string;
      };
      files?: {
        root: string;
        path: string;
        strip?: string;
        split?: string;
        json?: string;
        hash?: string;
        immutable: boolean;
        deletes: 'keep' | 'trash' | 'remove';
        missing: 'wait' | 'stop' | 'skip';
        waitSeconds: number;
      }[];
    }[];
    exclude?: string[];
    forwards: boolean;
    ddl?: {
      default?: 'apply' | 'ignore' | 'stop';
      drop?: 'apply' | 'ignore' | 'stop';
      truncate?: 'apply' | 'ignore' | 'stop';
      maxSeconds?: number;
    };
    uid: string;
  }[];
  conflicts: {
    home?: string;
    rules: {
      schema: string;
      table: string;
      policy: 'stop' | 'home' | 'latest' | 'merge' | 'overwrite' | 'ignore';
      version?: string;
      columns: Record<string, 'delta' | 'max' | 'min'>;
      sameColumn: 'home' | 'latest';
      deletes: 'win' | 'lose';
    }[];
    retentionDays: number;
  };
  onUnsupported?: 'stop' | 'suspend';
  schemaHomes?: {
    schema: string;
    table: string;
    region: string;
  }[];
  seed?: boolean;
  otterTables?: Record<string, string>;
  autoRestart?: string[];
  state: 'running' | 'paused' | 'stopped';
  attempt: number;
  wishes?: {
    pipelines?: Record<string, 'running' | 'paused' | 'stopped'>;
    attempts?: Record<string, number>;
    suspended?: Record<string, {
      database: string;
      name: string;
      by: string;
      reason: string;
      at: number;
    }[]>;
  };
};

export type ChannelInput = {
  name: string;
  description?: string;
  pipelines: {
    name: string;
    source: string;
    target: string;
    routes: {
      schema: string;
      table?: string;
      exclude?: string[];
      to?: {
        schema?: string;
        table?: string;
      };
      files?: {
        root: string;
        path: string;
        strip?: string;
        split?: string;
        json?: string;
        hash?: string;
        immutable?: boolean;
        deletes?: 'keep' | 'trash' | 'remove';
        missing?: 'wait' | 'stop' | 'skip';
        waitSeconds?: number;
      }[];
    }[];
    exclude?: string[];
    forwards?: boolean;
    ddl?: {
      default?: 'apply' | 'ignore' | 'stop';
      drop?: 'apply' | 'ignore' | 'stop';
      truncate?: 'apply' | 'ignore' | 'stop';
      maxSeconds?: number;
    };
    uid?: string;
    adopt?: string;
  }[];
  conflicts?: {
    home?: string;
    rules?: {
      schema?: string;
      table?: string;
      policy: 'stop' | 'home' | 'latest' | 'merge' | 'overwrite' | 'ignore';
      version?: string;
      columns?: Record<string, 'delta' | 'max' | 'min'>;
      sameColumn?: 'home' | 'latest';
      deletes?: 'win' | 'lose';
    }[];
    retentionDays?: number;
  };
  onUnsupported?: 'stop' | 'suspend';
  schemaHomes?: {
    schema: string;
    table?: string;
    region: string;
  }[];
  seed?: boolean;
  otterTables?: Record<string, string>;
  autoRestart?: string[];
  state?: 'running' | 'paused' | 'stopped';
  attempt?: number;
  wishes?: {
    pipelines?: Record<string, 'running' | 'paused' | 'stopped'>;
    attempts?: Record<string, number>;
    suspended?: Record<string, {
      database: string;
      name: string;
      by: string;
      reason: string;
      at: number;
    }[]>;
  };
};

export type ChannelAction = {
  channel: {
    name: string;
    description: string;
    pipelines: {
      name: string;
      source: string;
      target: string;
      routes: {
        schema: string;
        table: string;
        exclude?: string[];
        to?: {
          schema?: string;
          table?: string;
        };
        files?: {
          root: string;
          path: string;
          strip?: string;
          split?: string;
          json?: string;
          hash?: string;
          immutable: boolean;
          deletes: 'keep' | 'trash' | 'remove';
          missing: 'wait' | 'stop' | 'skip';
          waitSeconds: number;
        }[];
      }[];
      exclude?: string[];
      forwards: boolean;
      ddl?: {
        default?: 'apply' | 'ignore' | 'stop';
        drop?: 'apply' | 'ignore' | 'stop';
        truncate?: 'apply' | 'ignore' | 'stop';
        maxSeconds?: number;
      };
      uid: string;
    }[];
    conflicts: {
      home?: string;
      rules: {
        schema: string;
        table: string;
        policy: 'stop' | 'home' | 'latest' | 'merge' | 'overwrite' | 'ignore';
        version?: string;
        columns: Record<string, 'delta' | 'max' | 'min'>;
        sameColumn: 'home' | 'latest';
        deletes: 'win' | 'lose';
      }[];
      retentionDays: number;
    };
    onUnsupported?: 'stop' | 'suspend';
    schemaHomes?: {
      schema: string;
      table: string;
      region: string;
    }[];
    seed?: boolean;
    otterTables?: Record<string, string>;
    autoRestart?: string[];
    state: 'running' | 'paused' | 'stopped';
    attempt: number;
    wishes?: {
      pipelines?: Record<string, 'running' | 'paused' | 'stopped'>;
      attempts?: Record<string, number>;
      suspended?: Record<string, {
        database: string;
        name: string;
        by: string;
        reason: string;
        at: number;
      }[]>;
    };
  };
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PipelinePosition = {
  pipeline: string;
  uid: string;
  checkpoint: {
    log: string;
    seq: number;
    nextOffset: number;
    gtid: string | null;
    sourceUs: number;
    origin: string;
    epoch: number;
    replayUntil: number;
  } | null;
  topic: {
    name: string;
    start: number;
    end: number;
  } | null;
  captured: {
    log: string;
    seq: number;
    position: {
      file: string;
      pos: number;
      gtidSet: string | null;
      fileCreated?: number;
    };
  } | null;
  recordsBehind: number | null;
  skip: {
    log: string;
    seq: number;
    reason: string;
  } | null;
};

export type SkipInput = {
  seq: number;
  reason: string;
};

export type DeleteChannelsByChannelVerifyAnswer = {
  rows: number;
  request: string;
  unreachable: {
    endpoint: string;
    code: string;
    message: string;
  }[];
};

export type GetAuditAnswer = {
  entries: {
    id: string;
    at: number;
    action: string;
    by: string;
    as: 'user' | 'token' | 'oidc' | 'break-glass' | 'local' | 'control';
    token: string | null;
    from: string;
    request: string;
    subject: string | null;
    status: number;
    reason: string;
    revisions: number[];
    what: 'created' | 'changed' | 'removed' | null;
  }[];
  after: string | null;
  complete: boolean;
  scannedTo: number | null;
};

export type GetAuditByIdAnswer = {
  id: string;
  at: number;
  action: string;
  by: string;
  as: 'user' | 'token' | 'oidc' | 'break-glass' | 'local' | 'control';
  token: string | null;
  from: string;
  request: string;
  subject: string | null;
  status: number;
  reason: string;
  revisions: number[];
  what: 'created' | 'changed' | 'removed' | null;
  change: {
    before: unknown;
    after: unknown;
    diff: {
      pointer: string;
      before: unknown;
      after: unknown;
    }[];
  } | null;
};

export type GetAuthOidcAnswer = {
  configured: boolean;
};

export type GetBackupAnswer = {
  format: 1;
  exportedAt: string;
  level: number;
  nodes: Record<string, unknown>;
};

export type GetChannelsByChannelConflictsAnswer = {
  conflicts: {
    pipeline: string;
    uid: string;
    target: string;
    id: number;
    schema: string;
    table: string;
    key: Record<string, unknown> | null;
    type: string;
    policy: string;
    winner: string;
    final: boolean;
    op: string;
    transaction: {
      log: string;
      seq: number;
      gtid: string | null;
      origin: string;
      committedAt: string;
    };
    localSeq: number | null;
    decidedAt: string;
    request: string | null;
    reason: string | null;
    before: Record<string, unknown> | null;
    after: Record<string, unknown> | null;
    existing: Record<string, unknown> | null;
    result: Record<string, unknown> | null;
    cut: boolean;
  }[];
  next: string | null;
  unreachable: {
    endpoint: string;
    code: string;
    message: string;
  }[];
};

export type GetChannelsByChannelConflictsCountsAnswer = {
  counts: {
    pipeline: string;
    schema: string;
    table: string;
    policy: string;
    type: string;
    winner: string;
    final: boolean;
    count: number;
    latest: string;
  }[];
  unreachable: {
    endpoint: string;
    code: string;
    message: string;
  }[];
};

export type GetChannelsByChannelConflictsByPipelineByIdAnswer = {
  pipeline: string;
  uid: string;
  target: string;
  id: number;
  schema: string;
  table: string;
  key: Record<string, unknown> | null;
  type: string;
  policy: string;
  winner: string;
  final: boolean;
  op: string;
  transaction: {
    log: string;
    seq: number;
    gtid: string | null;
    origin: string;
    committedAt: string;
  };
  localSeq: number | null;
  decidedAt: string;
  request: string | null;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  existing: Record<string, unknown> | null;
  result: Record<string, unknown> | null;
  diff: {
    column: string;
    before?: unknown;
    incoming?: unknown;
    existing?: unknown;
    result?: unknown;
  }[];
  now: {
    source: {
      endpoint: string;
      row: Record<string, unknown> | null;
      problem: string | null;
    };
    target: {
      endpoint: string;
      row: Record<string, unknown> | null;
      problem: string | null;
    };
  };
};

export type GetChannelsByChannelOperationAnswer = {
  id: string;
  kind: 'drain' | 'switch-over' | 'fail-back' | 'failover';
  from: string;
  to: string;
  count: boolean;
  moveHome: boolean;
  accept: ('writes' | 'prepared' | 'counts' | 'lag' | 'lost' | 'one-way')[];
  state: 'running' | 'aborting' | 'done' | 'aborted' | 'failed';
  step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
  steps: {
    step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
    what: string;
    at: number;
  }[];
  waitsFor: {
    what: string;
    fix: string | null;
    since: number;
  } | null;
  confirmed: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
  facts: {
    fences: Record<string, {
      readOnly: boolean;
      superReadOnly: boolean;
      byUs: boolean;
      started?: number;
    }>;
    barriers?: Record<string, {
      id: string;
      endpoint: string;
      at: number;
    }>;
    home?: string | null;
    paused?: string[];
    counts?: {
      pipeline: string;
      source: string;
      target: string;
      atSource: number | null;
      atTarget: number | null;
    }[];
    position?: {
      file: string;
      pos: number;
      gtidSet: string | null;
    };
    applied?: Record<string, {
      log: string;
      seq: number;
    }>;
  };
  by: string;
  reason: string;
  at: number;
  endedAt: number | null;
  channel: string;
  left: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
  mayAbort: boolean;
};

export type GetChannelsByChannelPipelinesByPipelineDdlAnswer = {
  pipeline: string;
  uid: string;
  settings: {
    default: 'apply' | 'ignore' | 'stop';
    drop: 'apply' | 'ignore' | 'stop';
    truncate: 'apply' | 'ignore' | 'stop';
    maxSeconds: number | null;
    bothWays: boolean;
    homes: {
      table: string;
      home: string | null;
    }[];
  };
  hold: {
    log: string;
    seq: number;
    record: string;
    reason: 'policy' | 'not-home' | 'unmapped' | 'failed' | 'online-change' | 'entered' | 'undecided' | 'defaults' | 'unknown';
    message: string;
    statement: string;
    sql: string;
    here: string | null;
    tables: {
      database: string;
      name: string;
    }[];
    ways: ('run' | 'done' | 'skip' | 'seed')[];
    enters?: {
      database: string;
      name: string;
    }[];
    since: number;
  } | null;
  running: {
    log: string;
    seq: number;
    statement: string;
    here: string;
    since: number;
    progress: number | null;
    blockers: string[];
  } | null;
  tables: {
    source: string;
    target: string;
    atSource: string | null;
    atTarget: string | null;
    key: string[] | null;
    differences: string[];
  }[];
  recent: {
    record: string;
    part: number;
    log: string;
    seq: number;
    state: string;
    statement: string;
    here: string;
    tables: string[];
    begunAt: string;
    endedAt: string | null;
    answer: {
      answer: string;
      by: string;
      reason: string;
    } | null;
  }[];
  waiting: {
    source: string;
    target: string;
    since: number;
  }[];
  unreachable: {
    endpoint: string;
    code: string;
    message: string;
  }[];
};

export type GetChannelsByChannelPipelinesByPipelineSeedAnswer = {
  order: {
    id: string;
    tables: string[];
    where?: string;
    chunkRows: number;
    parallel: number;
    rowsPerSecond: number | null;
    maxLagMs: number;
    onExisting: string;
    keyless?: {
      database: string;
      name: string;
    }[];
    createTables: boolean;
    state: 'running' | 'paused' | 'cancelled';
    after: string[];
    answers?: {
      log: string;
      seq: number;
    };
    resumes?: {
      database: string;
      name: string;
    }[];
    by: string;
    at: number;
  } | null;
  progress: {
    request: string;
    tables: {
      database: string;
      table: string;
      state: 'seeding' | 'done' | 'cancelled';
      cursors: (string | null)[];
      ends: (string | null)[];
      whole: boolean[];
      inserted: number;
      equal: number;
      replaced: number;
      kept: number;
      yielded: number;
      clashes: number;
      endedAt: number | null;
    }[];
    at: number;
  } | null;
  rows: number;
  tables: {
    seeding: number;
    done: number;
    cancelled: number;
  };
  activity: {
    state: string;
    tables: number;
    tablesDone: number;
    refused: {
      database: string;
      table: string;
      code: string;
      message: string;
    }[];
    rows: number;
    rowsEstimated: number | null;
    rowsPerSecond: number;
    etaMs: number | null;
    waitingFor: string | null;
  } | null;
  capture: {
    instance: string;
    state: string;
    waitingFor: string | null;
    lagMs: number | null;
  } | null;
};

export type GetChannelsByChannelVerifyAnswer = {
  order: {
    id: string;
    tables: string[];
    pipelines?: string[];
    where?: string;
    after?: {
      seeds: string[];
      restarts: string[];
    };
    repair?: {
      id: string;
      tables: string[];
      keys?: {
        pipeline: string;
        database: string;
        table: string;
        key: string;
      }[];
      winner: string;
      extra: string[];
      orphans?: 'trash';
      spareChangedSince?: number;
      untilEqual: boolean;
      by: string;
      at: number;
    };
    repeat: 'once' | 'continuously';
    share: number;
    state: 'running' | 'paused' | 'cancelled';
    by: string;
    at: number;
  } | null;
  result: {
    request: string;
    pass: number;
    tables: {
      pipeline: string;
      database: string;
      table: string;
      verdict: 'equal' | 'different' | 'unsettled' | 'refused' | null;
      pass: number;
      notes: string[];
      rows: number;
      missingHere: number;
      missingThere: number;
      different: number;
      extra: number;
      ranges: number;
      files?: {
        named: number;
        missingHere: number;
        missingThere: number;
        missing: number;
        different: number;
        unsettled: number;
      };
      asOf: number | null;
      log: string;
      seq: number;
      text: string;
    }[];
    roots?: {
      pipeline: string;
      root: string;
      pass: number;
      files: number;
      orphans: number;
      bytes: number;
      notes: string[];
      asOf: number;
    }[];
    repair: {
      id: string;
      repaired: number;
      changed: number;
      refused: number;
      left: number;
      files?: {
        repaired: number;
        refused: number;
        left: number;
      };
      orphans?: {
        gone: number;
        kept: number;
        left: number;
      };
      waitingFor: string | null;
      begunAt: number;
      endedAt: number | null;
    } | null;
    waitingFor: string | null;
    rowsDone: number;
    rowsEstimated: number | null;
    begunAt: number;
    endedAt: number | null;
    at: number;
  } | null;
  equal: boolean;
  unequal: {
    count: number;
    tables: {
      pipeline: string;
      table: string;
      cause: string;
      since: string;
      reason: string;
    }[];
    unasked: string[];
  };
  held: string[];
};

export type GetChannelsByChannelVerifyDifferencesAnswer = {
  differences: {
    pipeline: string;
    target: string;
    request: string;
    schema: string;
    table: string;
    key: Record<string, unknown> | null;
    outcome: string;
    columns: string[] | null;
    file: {
      root: string;
      path: string;
      hash?: string;
    } | null;
    here: Record<string, unknown> | null;
    there: Record<string, unknown> | null;
    cut: boolean;
    problem: string | null;
    log: string;
    seq: number;
    foundAt: string;
  }[];
  next: string | null;
  unreachable: {
    endpoint: string;
    code: string;
    message: string;
  }[];
};

export type GetEndpointsByEndpointRestartAnswer = {
  endpoint: string;
  order: {
    id: string;
    start: {
      from: 'now';
    } | {
      from: 'gtid';
      gtidSet: string;
    } | {
      from: 'position';
      file: string;
      pos: number;
    } | {
      from: 'after';
      gtid: string;
    };
    reason: string;
    then?: 'verify-and-repair';
    at: number;
  } | null;
};

export type GetErrorsAnswer = Record<string, {
  help: string;
  cause?: string;
  kept?: string;
  outcome?: 'retry' | 'stop' | 'abort';
  status?: number;
}>;

export type GetFilesAnswer = {
  region: string | null;
  apps: {
    url: string;
    roots: string[];
    places: string[];
    instance: string;
    version: string;
    since: number;
  }[];
}[];

export type GetMeAnswer = {
  name: string;
  kind: 'user' | 'token' | 'oidc' | 'break-glass' | 'local' | 'control';
  token: {
    id: string;
    name: string;
  } | null;
  grants: {
    role: 'viewer' | 'operator' | 'admin';
    channels: string;
  }[];
  within?: {
    role: 'viewer' | 'operator' | 'admin';
    channels: string;
  }[];
  until: number | null;
  actions: Record<string, 'everywhere' | 'some' | 'no'>;
};

export type GetMeTokensAnswer = {
  id: string;
  name: string;
  user: string;
  grants: {
    role: 'viewer' | 'operator' | 'admin';
    channels: string;
  }[];
  expiresAt: number | null;
  state: 'valid' | 'expired' | 'ended';
  lastUsedAt: number | null;
  by: string;
  at: number;
}[];

export type GetOidcAnswer = {
  issuer: string;
  clientId: string;
  scopes: string[];
  groupsClaim: string;
  nameClaim: string;
  groups: {
    group: string;
    grants: {
      role: 'viewer' | 'operator' | 'admin';
      channels: string;
    }[];
  }[];
  by: string;
  at: number;
  clientSecretSet: boolean;
  clientSecretFrom?: string;
};

export type GetOperationsAnswer = {
  operations: {
    id: string;
    kind: 'drain' | 'switch-over' | 'fail-back' | 'failover';
    from: string;
    to: string;
    count: boolean;
    moveHome: boolean;
    accept: ('writes' | 'prepared' | 'counts' | 'lag' | 'lost' | 'one-way')[];
    state: 'running' | 'aborting' | 'done' | 'aborted' | 'failed';
    step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
    steps: {
      step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
      what: string;
      at: number;
    }[];
    waitsFor: {
      what: string;
      fix: string | null;
      since: number;
    } | null;
    confirmed: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
    facts: {
      fences: Record<string, {
        readOnly: boolean;
        superReadOnly: boolean;
        byUs: boolean;
        started?: number;
      }>;
      barriers?: Record<string, {
        id: string;
        endpoint: string;
        at: number;
      }>;
      home?: string | null;
      paused?: string[];
      counts?: {
        pipeline: string;
        source: string;
        target: string;
        atSource: number | null;
        atTarget: number | null;
      }[];
      position?: {
        file: string;
        pos: number;
        gtidSet: string | null;
      };
      applied?: Record<string, {
        log: string;
        seq: number;
      }>;
    };
    by: string;
    reason: string;
    at: number;
    endedAt: number | null;
    channel: string;
    left: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
    mayAbort: boolean;
  }[];
};

export type GetRevisionAnswer = {
  revision: {
    revision: number;
    write: string;
    by: string;
    at: number;
    adopted: number;
  } | null;
  highest: number;
  regressed: {
    app: 'capture' | 'loader' | 'files' | 'control';
    name: string | null;
    instance: string | null;
    is: 'working' | 'stopped';
    known: {
      revision: number;
      write: string;
    } | null;
  }[];
};

export type GetSecretsAnswer = {
  keys: {
    kid: string;
    first: boolean;
    known: boolean;
    secrets: number;
  }[];
  references: {
    reference: string;
    kind: 'endpoint' | 'region' | 'oidc';
    name: string;
    field: string;
  }[];
  unreadable: number;
};

export type GetUsersAnswer = {
  name: string;
  grants: {
    role: 'viewer' | 'operator' | 'admin';
    channels: string;
  }[];
  disabled: boolean;
  passwordSet: boolean;
  by: string;
  at: number;
}[];

export type GetUsersByNameAnswer = {
  name: string;
  grants: {
    role: 'viewer' | 'operator' | 'admin';
    channels: string;
  }[];
  disabled: boolean;
  passwordSet: boolean;
  by: string;
  at: number;
};

export type GetVersionAnswer = {
  version: string;
  node: string;
  region: string | null;
};

export type GetWorkersAnswer = {
  app: string;
  instance: string;
  region: string | null;
  version: string;
  levels: number[];
  keys: string[];
  since: number;
  files?: {
    url: string;
    roots: string[];
    places: string[];
  };
}[];

export type GetByKindByNameHistoryAnswer = {
  revision: number;
  by: string;
  at: number;
  from: string;
  reason: string;
  what: 'created' | 'changed' | 'removed';
}[];

export type GetByKindByNameHistoryByRevisionAnswer = {
  revision: number;
  by: string;
  at: number;
  from: string;
  reason: string;
  what: 'created' | 'changed' | 'removed';
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

export type PostApplyBody = {
  document?: string;
  prune?: boolean;
  select?: string[];
  rollback?: {
    kind: 'regions' | 'endpoints' | 'channels';
    name: string;
    revision: number;
    to?: 'before' | 'after';
    secrets?: Record<string, string>;
  };
  hash: string;
  confirm?: Record<string, number>;
  reason?: string;
};

export type PostApplyAnswer = {
  revision: number;
  writes: number;
  changes: {
    op: 'create' | 'change' | 'remove' | 'start' | 'pause' | 'stop';
    kind: 'regions' | 'endpoints' | 'channels';
    name: string;
    fields: {
      path: string;
      from: unknown;
      to: unknown;
    }[];
  }[];
};

export type PostAuthLoginBody = {
  name: string;
  password: string;
};

export type PostChannelsByChannelConflictsByPipelineByIdRedecideBody = {
  winner: 'incoming' | 'existing';
  reason: string;
  force?: boolean;
};

export type PostChannelsByChannelConflictsByPipelineByIdRedecideAnswer = {
  pipeline: string;
  target: string;
  id: number;
  written: boolean;
  row: Record<string, unknown> | null;
  consequences: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostChannelsByChannelOperationBody = {
  kind: 'drain' | 'switch-over' | 'fail-back' | 'failover';
  from?: string;
  to?: string;
  count?: boolean;
  moveHome?: boolean;
  accept?: ('writes' | 'prepared' | 'counts' | 'lag' | 'lost' | 'one-way')[];
  reason: string;
};

export type PostChannelsByChannelOperationAnswer = {
  id: string;
  kind: 'drain' | 'switch-over' | 'fail-back' | 'failover';
  from: string;
  to: string;
  count: boolean;
  moveHome: boolean;
  accept: ('writes' | 'prepared' | 'counts' | 'lag' | 'lost' | 'one-way')[];
  state: 'running' | 'aborting' | 'done' | 'aborted' | 'failed';
  step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
  steps: {
    step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
    what: string;
    at: number;
  }[];
  waitsFor: {
    what: string;
    fix: string | null;
    since: number;
  } | null;
  confirmed: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
  facts: {
    fences: Record<string, {
      readOnly: boolean;
      superReadOnly: boolean;
      byUs: boolean;
      started?: number;
    }>;
    barriers?: Record<string, {
      id: string;
      endpoint: string;
      at: number;
    }>;
    home?: string | null;
    paused?: string[];
    counts?: {
      pipeline: string;
      source: string;
      target: string;
      atSource: number | null;
      atTarget: number | null;
    }[];
    position?: {
      file: string;
      pos: number;
      gtidSet: string | null;
    };
    applied?: Record<string, {
      log: string;
      seq: number;
    }>;
  };
  by: string;
  reason: string;
  at: number;
  endedAt: number | null;
  channel: string;
  left: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
  mayAbort: boolean;
} | {
  from: string;
  to: string;
  steps: ('check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open')[];
  found: string;
  ok: boolean;
  fix: string | null;
};

export type PostChannelsByChannelOperationAbortBody = {
  id: string;
  reason: string;
};

export type PostChannelsByChannelOperationAcceptBody = {
  id: string;
  accept: ('writes' | 'prepared' | 'counts' | 'lag' | 'lost' | 'one-way')[];
};

export type PostChannelsByChannelOperationConfirmBody = {
  id: string;
  step: 'check' | 'confirm' | 'pause' | 'fence' | 'prepared' | 'barrier-back' | 'barrier' | 'counts' | 'home' | 'confirm-open' | 'open';
};

export type PostChannelsByChannelOperationReadOnlyBody = {
  id: string;
  user: string;
  password: string;
};

export type PostChannelsByChannelPipelinesByPipelineDdlBody = {
  log: string;
  seq: number;
  answer: 'run' | 'done' | 'skip' | 'seed';
  by?: string;
  reason: string;
};

export type PostChannelsByChannelPipelinesByPipelineFilesPreviewBody = {
  database: string;
  table: string;
  row?: Record<string, unknown>;
  key?: Record<string, unknown>;
};

export type PostChannelsByChannelPipelinesByPipelineFilesPreviewAnswer = {
  found: boolean;
  rules: {
    root: string;
    path: string;
    files: {
      root: string;
      path: string;
      hash: string | null;
    }[];
    none: string | null;
    error: {
      code: string;
      message: string;
    } | null;
  }[];
};

export type PostChannelsByChannelPipelinesByPipelineProbeAnswer = {
  file: string;
  pos: number;
};

export type PostChannelsByChannelPipelinesByPipelineRestartBody = {
  at: 'start' | 'end' | {
    gtidSet: string;
  } | {
    file: string;
    pos: number;
  };
  reason: string;
  accept?: boolean;
  then?: 'verify-and-repair';
};

export type PostChannelsByChannelPipelinesByPipelineRestartAnswer = {
  pipeline: string;
  uid: string;
  checkpoint: {
    log: string;
    seq: number;
    nextOffset: number;
    gtid: string | null;
    sourceUs: number;
    origin: string;
    epoch: number;
    replayUntil: number;
  } | null;
  topic: {
    name: string;
    start: number;
    end: number;
  } | null;
  captured: {
    log: string;
    seq: number;
    position: {
      file: string;
      pos: number;
      gtidSet: string | null;
      fileCreated?: number;
    };
  } | null;
  recordsBehind: number | null;
  skip: {
    log: string;
    seq: number;
    reason: string;
  } | null;
  consequence: string;
  verification: string | null;
};

export type PostChannelsByChannelPipelinesByPipelineRewindBody = {
  seq?: number;
  to?: {
    seq: number;
  } | {
    offset: number;
  } | {
    gtidSet: string;
  } | {
    file: string;
    pos: number;
  } | {
    time: string;
  };
  reason: string;
  overwrite?: boolean;
  accept?: boolean;
};

export type PostChannelsByChannelPipelinesByPipelineRewindAnswer = {
  pipeline: string;
  uid: string;
  checkpoint: {
    log: string;
    seq: number;
    nextOffset: number;
    gtid: string | null;
    sourceUs: number;
    origin: string;
    epoch: number;
    replayUntil: number;
  } | null;
  topic: {
    name: string;
    start: number;
    end: number;
  } | null;
  captured: {
    log: string;
    seq: number;
    position: {
      file: string;
      pos: number;
      gtidSet: string | null;
      fileCreated?: number;
    };
  } | null;
  recordsBehind: number | null;
  skip: {
    log: string;
    seq: number;
    reason: string;
  } | null;
} | {
  dryRun: true;
  pipeline: string;
  direction: 'back' | 'ahead';
  from: {
    log: string;
    seq: number;
    nextOffset: number;
  };
  to: {
    log: string;
    seq: number;
    nextOffset: number;
    gtid: string | null;
  };
  records: number;
  transactions: number;
  rows: {
    table: string;
    rows: number;
  }[];
  consequence: string;
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostChannelsByChannelPipelinesByPipelineSeedBody = {
  tables?: string[];
  keys?: {
    table: string;
    key: Record<string, unknown>;
  }[];
  where?: string;
  chunkRows?: number;
  parallel?: number;
  rowsPerSecond?: number | null;
  maxLagMs?: number;
  onExisting?: string;
  createTables?: boolean;
  verify?: boolean;
  reason?: string;
};

export type PostChannelsByChannelPipelinesByPipelineSeedAnswer = {
  order: {
    id: string;
    tables: string[];
    where?: string;
    chunkRows: number;
    parallel: number;
    rowsPerSecond: number | null;
    maxLagMs: number;
    onExisting: string;
    keyless?: {
      database: string;
      name: string;
    }[];
    createTables: boolean;
    state: 'running' | 'paused' | 'cancelled';
    after: string[];
    answers?: {
      log: string;
      seq: number;
    };
    resumes?: {
      database: string;
      name: string;
    }[];
    by: string;
    at: number;
  } | null;
  dryRun: boolean;
  verification: string | null;
  entries: number;
  tables: {
    source: {
      schema: string;
      table: string;
    };
    target: {
      schema: string;
      table: string;
    };
    rows: number;
    bytes: number;
    rowsAtTarget: number | null;
    created: boolean;
  }[];
  rows: number;
  bytes: number;
  topicBytes: number;
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostChannelsByChannelPipelinesByPipelineTablesResumeBody = {
  tables: string[];
  reason: string;
};

export type PostChannelsByChannelPipelinesByPipelineTablesResumeAnswer = {
  pipeline: string;
  suspended: {
    database: string;
    name: string;
    by: string;
    reason: string;
    at: number;
  }[];
  seed: string | null;
  verification: string | null;
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostChannelsByChannelVerifyBody = {
  tables?: string[];
  pipelines?: string[];
  where?: string;
  repeat?: 'once' | 'continuously';
  share?: number;
  reason?: string;
};

export type PostChannelsByChannelVerifyByIdRepairBody = {
  dryRun?: boolean;
  tables?: string[];
  keys?: {
    pipeline: string;
    schema: string;
    table: string;
    key: Record<string, unknown>;
  }[];
  winner?: string;
  extra?: string[];
  orphans?: 'trash';
  untilEqual?: boolean;
  reason: string;
};

export type PostChannelsByChannelVerifyByIdRepairAnswer = {
  order: {
    id: string;
    tables: string[];
    keys?: {
      pipeline: string;
      database: string;
      table: string;
      key: string;
    }[];
    winner: string;
    extra: string[];
    orphans?: 'trash';
    spareChangedSince?: number;
    untilEqual: boolean;
    by: string;
    at: number;
  };
  dryRun: boolean;
  tables: {
    pipeline: string;
    schema: string;
    table: string;
    missingHere: number;
    missingThere: number;
    different: number;
    extra: number;
    ranges: number;
    files: number;
  }[];
  orphans: {
    pipeline: string;
    root: string;
    files: number;
    bytes: number;
  }[];
  rows: {
    pipeline: string;
    target: string;
    request: string;
    schema: string;
    table: string;
    key: Record<string, unknown> | null;
    outcome: string;
    columns: string[] | null;
    file: {
      root: string;
      path: string;
      hash?: string;
    } | null;
    here: Record<string, unknown> | null;
    there: Record<string, unknown> | null;
    cut: boolean;
    problem: string | null;
    log: string;
    seq: number;
    foundAt: string;
  }[];
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostEndpointsByEndpointFollowBody = {
  to: {
    host: string;
    port?: number;
  };
  reason: string;
  accept?: boolean;
};

export type PostEndpointsByEndpointFollowAnswer = {
  endpoint: string;
  host: string;
  port: number;
  standbys: {
    host: string;
    port: number;
  }[];
  consequences: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostEndpointsByEndpointResetBody = {
  start: {
    from: 'now';
  } | {
    from: 'gtid';
    gtidSet: string;
  } | {
    from: 'position';
    file: string;
    pos: number;
  };
  reason: string;
  accept?: boolean;
  then?: 'verify-and-repair';
};

export type PostEndpointsByEndpointResetAnswer = {
  endpoint: string;
  topic: string;
  start: {
    from: 'now';
  } | {
    from: 'gtid';
    gtidSet: string;
  } | {
    from: 'position';
    file: string;
    pos: number;
  };
  consequences: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostEndpointsByEndpointRestartBody = {
  start: {
    from: 'now';
  } | {
    from: 'gtid';
    gtidSet: string;
  } | {
    from: 'position';
    file: string;
    pos: number;
  } | {
    from: 'after';
    gtid: string;
  };
  reason: string;
  accept?: boolean;
  then?: 'verify-and-repair';
};

export type PostEndpointsByEndpointRestartAnswer = {
  endpoint: string;
  order: {
    id: string;
    start: {
      from: 'now';
    } | {
      from: 'gtid';
      gtidSet: string;
    } | {
      from: 'position';
      file: string;
      pos: number;
    } | {
      from: 'after';
      gtid: string;
    };
    reason: string;
    then?: 'verify-and-repair';
    at: number;
  } | null;
  consequences: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
  verifications: {
    channel: string;
    id: string;
  }[];
};

export type PostMeTokensBody = {
  name: string;
  grants?: {
    role: 'viewer' | 'operator' | 'admin';
    channels?: string;
  }[];
  days?: number | null;
};

export type PostMeTokensAnswer = {
  id: string;
  name: string;
  user: string;
  grants: {
    role: 'viewer' | 'operator' | 'admin';
    channels: string;
  }[];
  expiresAt: number | null;
  state: 'valid' | 'expired' | 'ended';
  lastUsedAt: number | null;
  by: string;
  at: number;
  secret: string;
};

export type PostPlanBody = {
  document: string;
  prune?: boolean;
  select?: string[];
};

export type PostPlanAnswer = {
  hash: string;
  changes: {
    op: 'create' | 'change' | 'remove' | 'start' | 'pause' | 'stop';
    kind: 'regions' | 'endpoints' | 'channels';
    name: string;
    fields: {
      path: string;
      from: unknown;
      to: unknown;
    }[];
  }[];
  consequences: {
    id: string;
    what: string;
    subject: string;
  }[];
  counts: Record<string, number>;
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
    line?: number;
    column?: number;
    pointer?: string;
  }[];
  confirm: Record<string, number> | null;
  unmanaged: string[];
};

export type PostPrepareBody = {
  endpoint: string;
  server: {
    host: string;
    port?: number;
    tls?: {
      mode: 'off';
    } | {
      ca?: string;
      verify?: boolean;
      mode?: 'on';
    };
  };
  admin: {
    user: string;
    password: string;
  };
  hash?: string;
  account?: {
    user: string;
    host?: string;
  };
  source?: boolean;
  target?: boolean;
  bothWays?: boolean;
  schemas?: string[];
  ddl?: boolean;
  creates?: boolean;
  binlog?: boolean;
};

export type PostPrepareAnswer = {
  version: string;
  steps: {
    id: string;
    sql: string[];
    done: boolean;
  }[];
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
  schemas: {
    name: string;
    tables: number;
    rows: number;
    bytes: number;
  }[];
  hash: string;
  done: boolean;
};

export type PostPrepareUndoBody = {
  endpoint: string;
  server: {
    host: string;
    port?: number;
    tls?: {
      mode: 'off';
    } | {
      ca?: string;
      verify?: boolean;
      mode?: 'on';
    };
  };
  admin: {
    user: string;
    password: string;
  };
  hash?: string;
};

export type PostPrepareUndoAnswer = {
  steps: {
    id: string;
    sql: string[];
    done: boolean;
  }[];
  kept: string[];
  hash: string;
  done: boolean;
};

export type PostRestoreBody = {
  format: 1;
  exportedAt: string;
  level?: number;
  nodes: Record<string, unknown>;
};

export type PostRestoreAnswer = {
  written: number;
  kept: number;
};

export type PostRevisionAdoptBody = {
  reason: string;
  above?: number;
  accept?: boolean;
};

export type PostRevisionAdoptAnswer = {
  revision: {
    revision: number;
    write: string;
    by: string;
    at: number;
    adopted: number;
  };
  consequences: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PostSecretsRotateAnswer = {
  kid: string;
  sealed: {
    endpoints: string[];
    regions: string[];
    oidc: string[];
  };
  kept: {
    endpoints: string[];
    regions: string[];
    oidc: string[];
  };
};

export type PostUsersBody = {
  name: string;
  password: string | null;
  grants?: {
    role: 'viewer' | 'operator' | 'admin';
    channels?: string;
  }[];
  disabled?: boolean;
};

export type PostByKindByNameHistoryByRevisionPlanBody = {
  to?: 'before' | 'after';
  secrets?: Record<string, string>;
};

export type PutChannelsByNameAnswer = {
  name: string;
  description: string;
  pipelines: {
    name: string;
    source: string;
    target: string;
    routes: {
      schema: string;
      table: string;
      exclude?: string[];
      to?: {
        schema?: string;
        table?: string;
      };
      files?: {
        root: string;
        path: string;
        strip?: string;
        split?: string;
        json?: string;
        hash?: string;
        immutable: boolean;
        deletes: 'keep' | 'trash' | 'remove';
        missing: 'wait' | 'stop' | 'skip';
        waitSeconds: number;
      }[];
    }[];
    exclude?: string[];
    forwards: boolean;
    ddl?: {
      default?: 'apply' | 'ignore' | 'stop';
      drop?: 'apply' | 'ignore' | 'stop';
      truncate?: 'apply' | 'ignore' | 'stop';
      maxSeconds?: number;
    };
    uid: string;
  }[];
  conflicts: {
    home?: string;
    rules: {
      schema: string;
      table: string;
      policy: 'stop' | 'home' | 'latest' | 'merge' | 'overwrite' | 'ignore';
      version?: string;
      columns: Record<string, 'delta' | 'max' | 'min'>;
      sameColumn: 'home' | 'latest';
      deletes: 'win' | 'lose';
    }[];
    retentionDays: number;
  };
  onUnsupported?: 'stop' | 'suspend';
  schemaHomes?: {
    schema: string;
    table: string;
    region: string;
  }[];
  seed?: boolean;
  otterTables?: Record<string, string>;
  autoRestart?: string[];
  state: 'running' | 'paused' | 'stopped';
  attempt: number;
  wishes?: {
    pipelines?: Record<string, 'running' | 'paused' | 'stopped'>;
    attempts?: Record<string, number>;
    suspended?: Record<string, {
      database: string;
      name: string;
      by: string;
      reason: string;
      at: number;
    }[]>;
  };
} | {
  dryRun: true;
  seeds: {
    pipeline: string;
    order: {
      id: string;
      tables: string[];
      where?: string;
      chunkRows: number;
      parallel: number;
      rowsPerSecond: number | null;
      maxLagMs: number;
      onExisting: string;
      keyless?: {
        database: string;
        name: string;
      }[];
      createTables: boolean;
      state: 'running' | 'paused' | 'cancelled';
      after: string[];
      answers?: {
        log: string;
        seq: number;
      };
      resumes?: {
        database: string;
        name: string;
      }[];
      by: string;
      at: number;
    };
    tables: {
      source: {
        schema: string;
        table: string;
      };
      target: {
        schema: string;
        table: string;
      };
      rows: number;
      bytes: number;
      rowsAtTarget: number | null;
      created: boolean;
    }[];
    rows: number;
    bytes: number;
    topicBytes: number;
  }[];
  problems: {
    id: string;
    severity: 'error' | 'warning';
    what: string;
    fix: string | null;
    table?: string;
  }[];
};

export type PutMePasswordBody = {
  current: string;
  password: string;
};

export type PutOidcBody = {
  issuer: string;
  clientId: string;
  scopes?: string[];
  groupsClaim?: string;
  nameClaim?: string;
  groups: {
    group: string;
    grants: {
      role: 'viewer' | 'operator' | 'admin';
      channels?: string;
    }[];
  }[];
  clientSecret?: string | null;
  clientSecretSet?: boolean;
  clientSecretFrom?: string;
  by?: string;
  at?: number;
};

export type PutUsersByNameBody = {
  name: string;
  grants: {
    role: 'viewer' | 'operator' | 'admin';
    channels?: string;
  }[];
  disabled: boolean;
};

export type PutUsersByNamePasswordBody = {
  password: string | null;
};

export interface Operations {
  /** Forget an operation that has ended */
  'DELETE /api/v1/channels/{channel}/operation': {
    path: { channel: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Remove an order that is done or cancelled */
  'DELETE /api/v1/channels/{channel}/pipelines/{pipeline}/seed': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Remove a verification that has ended, and the rows that it found */
  'DELETE /api/v1/channels/{channel}/verify': {
    path: { channel: string };
    query: Record<string, never>;
    body: undefined;
    answer: DeleteChannelsByChannelVerifyAnswer;
  };
  /** Remove a stopped channel */
  'DELETE /api/v1/channels/{name}': {
    path: { name: string };
    query: { reason?: string };
    body: undefined;
    answer: undefined;
  };
  /** Take back the order that waits */
  'DELETE /api/v1/endpoints/{endpoint}/restart': {
    path: { endpoint: string };
    query: { reason?: string };
    body: undefined;
    answer: undefined;
  };
  /** Remove an endpoint that no channel uses */
  'DELETE /api/v1/endpoints/{name}': {
    path: { name: string };
    query: { reason?: string };
    body: undefined;
    answer: undefined;
  };
  /** Revoke an own API token */
  'DELETE /api/v1/me/tokens/{id}': {
    path: { id: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Remove it; who is logged in stays so until the session ends */
  'DELETE /api/v1/oidc': {
    path: Record<string, never>;
    query: { reason?: string };
    body: undefined;
    answer: undefined;
  };
  /** Remove a region that no endpoint names */
  'DELETE /api/v1/regions/{name}': {
    path: { name: string };
    query: { reason?: string };
    body: undefined;
    answer: undefined;
  };
  /** Remove a user with his tokens */
  'DELETE /api/v1/users/{name}': {
    path: { name: string };
    query: { reason?: string };
    body: undefined;
    answer: undefined;
  };
  /** Revoke an API token */
  'DELETE /api/v1/users/{name}/tokens/{id}': {
    path: { name: string; id: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Who did what, newest first: logins, requests that are no GET, and changes of documents */
  'GET /api/v1/audit': {
    path: Record<string, never>;
    query: { since?: number | string; until?: number | string; by?: string; action?: string; subject?: string; q?: string; limit?: number; after?: string };
    body: undefined;
    answer: GetAuditAnswer;
  };
  /** One entry; of a change the document before and after, and what differs */
  'GET /api/v1/audit/{id}': {
    path: { id: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetAuditByIdAnswer;
  };
  /** Whether there is a login by an identity provider: all that a stranger is told of it */
  'GET /api/v1/auth/oidc': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetAuthOidcAnswer;
  };
  /** Where the identity provider sends the browser back: opens a session */
  'GET /api/v1/auth/oidc/callback': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Begin a login: leads the browser to the identity provider */
  'GET /api/v1/auth/oidc/start': {
    path: Record<string, never>;
    query: { returnTo?: string };
    body: undefined;
    answer: undefined;
  };
  /** Everything that ZooKeeper keeps for Lutra, passwords sealed */
  'GET /api/v1/backup': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetBackupAnswer;
  };
  /** All channels */
  'GET /api/v1/channels': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Channel[];
  };
  /** Decided conflicts, newest first: rows that both sides changed, and the result */
  'GET /api/v1/channels/{channel}/conflicts': {
    path: { channel: string };
    query: { pipeline?: string; schema?: string; table?: string; type?: 'insert-exists' | 'update-differs' | 'update-missing' | 'delete-differs' | 'delete-missing' | 'unique-key-taken' | 'key-update-refused' | 'parent-missing' | 'child-exists' | 'seed-differs' | 'repair'; policy?: 'stop' | 'home' | 'latest' | 'merge' | 'overwrite' | 'ignore' | 'seed' | 'repair'; winner?: 'incoming' | 'existing' | 'both'; final?: boolean; since?: string; until?: string; key?: string; limit?: number; before?: string };
    body: undefined;
    answer: GetChannelsByChannelConflictsAnswer;
  };
  /** How many, by pipeline, table, policy, type and winner */
  'GET /api/v1/channels/{channel}/conflicts/counts': {
    path: { channel: string };
    query: { pipeline?: string; schema?: string; table?: string; type?: 'insert-exists' | 'update-differs' | 'update-missing' | 'delete-differs' | 'delete-missing' | 'unique-key-taken' | 'key-update-refused' | 'parent-missing' | 'child-exists' | 'seed-differs' | 'repair'; policy?: 'stop' | 'home' | 'latest' | 'merge' | 'overwrite' | 'ignore' | 'seed' | 'repair'; winner?: 'incoming' | 'existing' | 'both'; final?: boolean; since?: string; until?: string; key?: string };
    body: undefined;
    answer: GetChannelsByChannelConflictsCountsAnswer;
  };
  /** One conflict: its versions side by side, and the row as it is now on both sides */
  'GET /api/v1/channels/{channel}/conflicts/{pipeline}/{id}': {
    path: { channel: string; pipeline: string; id: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelConflictsByPipelineByIdAnswer;
  };
  /** The newest operation of the channel: where it is, and what it waits for */
  'GET /api/v1/channels/{channel}/operation': {
    path: { channel: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelOperationAnswer;
  };
  /** Schema changes of the pipeline: settings, the one at which it holds with both definitions, the one that runs, and the newest */
  'GET /api/v1/channels/{channel}/pipelines/{pipeline}/ddl': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelPipelinesByPipelineDdlAnswer;
  };
  /** Position of the pipeline: checkpoint at the target, ends of the topic, what capture has acknowledged */
  'GET /api/v1/channels/{channel}/pipelines/{pipeline}/position': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: undefined;
    answer: PipelinePosition;
  };
  /** The order, and how far it is */
  'GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelPipelinesByPipelineSeedAnswer;
  };
  /** The order, and what was found: per table whether it is equal, and as of when */
  'GET /api/v1/channels/{channel}/verify': {
    path: { channel: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelVerifyAnswer;
  };
  /** Rows that differ, as they were compared at the targets; of a seed: those that could not be written */
  'GET /api/v1/channels/{channel}/verify/differences': {
    path: { channel: string };
    query: { pipeline?: string; schema?: string; table?: string; outcome?: 'asked' | 'equal' | 'in-flight' | 'missing-here' | 'missing-there' | 'different' | 'clash' | 'again' | 'file-not-here' | 'file-not-there' | 'file-missing' | 'file-different' | 'file-orphan'; request?: string; limit?: number; after?: string };
    body: undefined;
    answer: GetChannelsByChannelVerifyDifferencesAnswer;
  };
  /** One channel */
  'GET /api/v1/channels/{name}': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: Channel;
  };
  /** One channel */
  'GET /api/v1/channels/{name}/status': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: ChannelStatus;
  };
  /** All endpoints */
  'GET /api/v1/endpoints': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Endpoint[];
  };
  /** The waiting order to continue elsewhere in the source */
  'GET /api/v1/endpoints/{endpoint}/restart': {
    path: { endpoint: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetEndpointsByEndpointRestartAnswer;
  };
  /** One endpoint */
  'GET /api/v1/endpoints/{name}': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: Endpoint;
  };
  /** Every error code, and what to do about it */
  'GET /api/v1/errors': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetErrorsAnswer;
  };
  /** The configuration as a lutra.yaml (JSON: Accept: application/json), without secrets */
  'GET /api/v1/export': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: string;
  };
  /** The files apps that live, by region: where they are, which roots they have, and in which of them they place files */
  'GET /api/v1/files': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetFilesAnswer;
  };
  /** The cluster's level, what each process knows, and what is in the way of raising it */
  'GET /api/v1/level': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Level;
  };
  /** Who asks, and what he may do */
  'GET /api/v1/me': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetMeAnswer;
  };
  /** The own API tokens, oldest first */
  'GET /api/v1/me/tokens': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetMeTokensAnswer;
  };
  /** The login by an identity provider (OpenID Connect) */
  'GET /api/v1/oidc': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetOidcAnswer;
  };
  /** The newest operation of each channel */
  'GET /api/v1/operations': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetOperationsAnswer;
  };
  /** All regions */
  'GET /api/v1/regions': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Region[];
  };
  /** One region */
  'GET /api/v1/regions/{name}': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: Region;
  };
  /** The state of the configuration, and who says that ZooKeeper does not continue what it knows */
  'GET /api/v1/revision': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetRevisionAnswer;
  };
  /** How many secrets each key seals, and which are references */
  'GET /api/v1/secrets': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetSecretsAnswer;
  };
  /** All channels: state, position, lag, counts and last error of each pipeline, and omissions */
  'GET /api/v1/status': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Status;
  };
  /**
   * The status as server-sent events: `status` is all of it, `change` has the channels that changed and the names of all, `alive` says
   * that nothing did. Ends after a minute: open it again
   */
  'GET /api/v1/stream': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** All users */
  'GET /api/v1/users': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetUsersAnswer;
  };
  /** One user */
  'GET /api/v1/users/{name}': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetUsersByNameAnswer;
  };
  /** The API tokens of a user, oldest first */
  'GET /api/v1/users/{name}/tokens': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetMeTokensAnswer;
  };
  /** The version */
  'GET /api/v1/version': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetVersionAnswer;
  };
  /** All live processes */
  'GET /api/v1/workers': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: GetWorkersAnswer;
  };
  /** Who changed a document, when and why: its newest 20 changes, newest first */
  'GET /api/v1/{kind}/{name}/history': {
    path: { kind: string; name: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetByKindByNameHistoryAnswer;
  };
  /** One change: the document before and after, without secrets */
  'GET /api/v1/{kind}/{name}/history/{revision}': {
    path: { kind: string; name: string; revision: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetByKindByNameHistoryByRevisionAnswer;
  };
  /** Carry out the plan that was shown, if it is still the same */
  'POST /api/v1/apply': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostApplyBody;
    answer: PostApplyAnswer;
  };
  /** Log in by password: sets the cookie of a session */
  'POST /api/v1/auth/login': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostAuthLoginBody;
    answer: GetMeAnswer;
  };
  /** Log out; everywhere: end all own sessions and API tokens */
  'POST /api/v1/auth/logout': {
    path: Record<string, never>;
    query: { everywhere?: boolean };
    body: undefined;
    answer: undefined;
  };
  /** Create a channel, stopped */
  'POST /api/v1/channels': {
    path: Record<string, never>;
    query: { reason?: string };
    body: ChannelInput;
    answer: Channel;
  };
  /** Give the row the version of one side, by an ordinary write at the target */
  'POST /api/v1/channels/{channel}/conflicts/{pipeline}/{id}/redecide': {
    path: { channel: string; pipeline: string; id: string };
    query: Record<string, never>;
    body: PostChannelsByChannelConflictsByPipelineByIdRedecideBody;
    answer: PostChannelsByChannelConflictsByPipelineByIdRedecideAnswer;
  };
  /** Begin a drain, a switch-over, a fail-back or a failover; dryRun: the first look alone */
  'POST /api/v1/channels/{channel}/operation': {
    path: { channel: string };
    query: { dryRun?: boolean };
    body: PostChannelsByChannelOperationBody;
    answer: PostChannelsByChannelOperationAnswer;
  };
  /** Take back what the operation has done; not once clients may write at the new place */
  'POST /api/v1/channels/{channel}/operation/abort': {
    path: { channel: string };
    query: Record<string, never>;
    body: PostChannelsByChannelOperationAbortBody;
    answer: GetChannelsByChannelOperationAnswer;
  };
  /** Go on without something that the operation waits for */
  'POST /api/v1/channels/{channel}/operation/accept': {
    path: { channel: string };
    query: Record<string, never>;
    body: PostChannelsByChannelOperationAcceptBody;
    answer: GetChannelsByChannelOperationAnswer;
  };
  /** Confirm the step at which the operation asks */
  'POST /api/v1/channels/{channel}/operation/confirm': {
    path: { channel: string };
    query: Record<string, never>;
    body: PostChannelsByChannelOperationConfirmBody;
    answer: GetChannelsByChannelOperationAnswer;
  };
  /** Set read_only as the step needs it, with a login that is kept nowhere */
  'POST /api/v1/channels/{channel}/operation/read-only': {
    path: { channel: string };
    query: Record<string, never>;
    body: PostChannelsByChannelOperationReadOnlyBody;
    answer: GetChannelsByChannelOperationAnswer;
  };
  /** Answer the schema change at which the pipeline holds: run, done, skip or seed */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/ddl': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: PostChannelsByChannelPipelinesByPipelineDdlBody;
    answer: GetChannelsByChannelPipelinesByPipelineDdlAnswer;
  };
  /** Which files a row names by the rules of its route, or why none; of a row as given, or of the one at the source with this key */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/files/preview': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: PostChannelsByChannelPipelinesByPipelineFilesPreviewBody;
    answer: PostChannelsByChannelPipelinesByPipelineFilesPreviewAnswer;
  };
  /** Its loader waits, the capture of its source continues (from stopped: checks first, as start does) */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/pause': {
    path: { channel: string; pipeline: string };
    query: { force?: boolean; reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /**
   * Write at the source what means nothing (lutra.skip): where its binlog is behind that. The pipeline has it when its position is
   * there
   */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/probe': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: undefined;
    answer: PostChannelsByChannelPipelinesByPipelineProbeAnswer;
  };
  /** Continue at an end of the topic, or after the position of a dump, whatever the checkpoint says; without accept: the consequences */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/restart': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: PostChannelsByChannelPipelinesByPipelineRestartBody;
    answer: PostChannelsByChannelPipelinesByPipelineRestartAnswer;
  };
  /** The pipeline tries again now, and the captures that it needs, if they failed */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/retry': {
    path: { channel: string; pipeline: string };
    query: { reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /**
   * Set the position, by seq, offset, GTID set, binlog position or time. Back: what lies behind it is applied once more, in safe mode.
   * Ahead, with accept: what lies between is never applied, which is recorded. dryRun: where it would lead, and nothing is written
   */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/rewind': {
    path: { channel: string; pipeline: string };
    query: { dryRun?: boolean };
    body: PostChannelsByChannelPipelinesByPipelineRewindBody;
    answer: PostChannelsByChannelPipelinesByPipelineRewindAnswer;
  };
  /** Copy tables through the log, or send single rows again; dryRun: what it would read and meet */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed': {
    path: { channel: string; pipeline: string };
    query: { dryRun?: boolean };
    body: PostChannelsByChannelPipelinesByPipelineSeedBody;
    answer: PostChannelsByChannelPipelinesByPipelineSeedAnswer;
  };
  /** pause, resume or cancel; what was copied stays */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/seed/{action}': {
    path: { channel: string; pipeline: string; action: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelPipelinesByPipelineSeedAnswer;
  };
  /** Skip the transaction at which the pipeline stopped: its rows are recorded in lutra.skipped and not applied */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/skip': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: SkipInput;
    answer: PipelinePosition;
  };
  /** As much is wanted of the pipeline as of its channel: its servers are checked first, as by a start of the channel */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/start': {
    path: { channel: string; pipeline: string };
    query: { force?: boolean; reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /** Stop the pipeline; the capture of its source continues while another pipeline needs it */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/stop': {
    path: { channel: string; pipeline: string };
    query: { reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /** Bring suspended tables back: they are seeded, then compared and repaired */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/tables/resume': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: PostChannelsByChannelPipelinesByPipelineTablesResumeBody;
    answer: PostChannelsByChannelPipelinesByPipelineTablesResumeAnswer;
  };
  /** Suspend tables in the pipeline: nothing of them is applied from its next transaction on */
  'POST /api/v1/channels/{channel}/pipelines/{pipeline}/tables/suspend': {
    path: { channel: string; pipeline: string };
    query: Record<string, never>;
    body: PostChannelsByChannelPipelinesByPipelineTablesResumeBody;
    answer: PostChannelsByChannelPipelinesByPipelineTablesResumeAnswer;
  };
  /** Compare the two sides of each pipeline, while both take writes */
  'POST /api/v1/channels/{channel}/verify': {
    path: { channel: string };
    query: Record<string, never>;
    body: PostChannelsByChannelVerifyBody;
    answer: GetChannelsByChannelVerifyAnswer;
  };
  /** pause, resume or cancel the verification, or the repair of what it found */
  'POST /api/v1/channels/{channel}/verify/{action}': {
    path: { channel: string; action: string };
    query: Record<string, never>;
    body: undefined;
    answer: GetChannelsByChannelVerifyAnswer;
  };
  /** Make rows equal that a verification found to differ; dryRun: which rows, with both versions */
  'POST /api/v1/channels/{channel}/verify/{id}/repair': {
    path: { channel: string; id: string };
    query: Record<string, never>;
    body: PostChannelsByChannelVerifyByIdRepairBody;
    answer: PostChannelsByChannelVerifyByIdRepairAnswer;
  };
  /** Confirm that omissions were dealt with: ignored DDL, skipped transactions, forced starts, suspended tables */
  'POST /api/v1/channels/{name}/omissions/confirm': {
    path: { name: string };
    query: Record<string, never>;
    body: ConfirmationInput;
    answer: Omissions;
  };
  /** Loaders wait, captures continue (from stopped: checks first, as start does) */
  'POST /api/v1/channels/{name}/pause': {
    path: { name: string };
    query: { force?: boolean; reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /** Retry failed endpoints and pipelines now */
  'POST /api/v1/channels/{name}/retry': {
    path: { name: string };
    query: { reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /** Check the servers, then run; force: run in spite of problems of the servers, which the status shows until you confirm it */
  'POST /api/v1/channels/{name}/start': {
    path: { name: string };
    query: { force?: boolean; reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /** Stop; captures that other channels need continue */
  'POST /api/v1/channels/{name}/stop': {
    path: { name: string };
    query: { reason?: string };
    body: undefined;
    answer: ChannelAction;
  };
  /** Create an endpoint */
  'POST /api/v1/endpoints': {
    path: Record<string, never>;
    query: { reason?: string };
    body: EndpointInput;
    answer: Endpoint;
  };
  /** Check a database server before it is saved as an endpoint */
  'POST /api/v1/endpoints/check': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: EndpointInput;
    answer: CheckResult;
  };
  /** Go on with a standby that was promoted: the same log, the same position; without accept: what is in the way */
  'POST /api/v1/endpoints/{endpoint}/follow': {
    path: { endpoint: string };
    query: Record<string, never>;
    body: PostEndpointsByEndpointFollowBody;
    answer: PostEndpointsByEndpointFollowAnswer;
  };
  /** Delete the log and start a new one; without accept: the consequences */
  'POST /api/v1/endpoints/{endpoint}/reset': {
    path: { endpoint: string };
    query: Record<string, never>;
    body: PostEndpointsByEndpointResetBody;
    answer: PostEndpointsByEndpointResetAnswer;
  };
  /** Continue elsewhere in the source, in the same log; without accept: the consequences */
  'POST /api/v1/endpoints/{endpoint}/restart': {
    path: { endpoint: string };
    query: Record<string, never>;
    body: PostEndpointsByEndpointRestartBody;
    answer: PostEndpointsByEndpointRestartAnswer;
  };
  /** Check the database server for the channels that use it */
  'POST /api/v1/endpoints/{name}/check': {
    path: { name: string };
    query: Record<string, never>;
    body: undefined;
    answer: CheckResult;
  };
  /** Raise the level; it never falls. Refused while a live process does not know it */
  'POST /api/v1/level': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: LevelInput;
    answer: Level;
  };
  /** Make an API token; its secret is shown this once */
  'POST /api/v1/me/tokens': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostMeTokensBody;
    answer: PostMeTokensAnswer;
  };
  /** What a document would change, and what that does to what runs. Writes nothing */
  'POST /api/v1/plan': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostPlanBody;
    answer: PostPlanAnswer;
  };
  /**
   * What a database server lacks to be an endpoint; with `hash` that is done, by an administrator whose login nobody keeps. HTTPS, or
   * local
   */
  'POST /api/v1/prepare': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostPrepareBody;
    answer: PostPrepareAnswer;
  };
  /** What Lutra has done on a database server; with `hash` it is taken back. Refused while a channel uses the server */
  'POST /api/v1/prepare/undo': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostPrepareUndoBody;
    answer: PostPrepareUndoAnswer;
  };
  /** Create a region */
  'POST /api/v1/regions': {
    path: Record<string, never>;
    query: { reason?: string };
    body: RegionInput;
    answer: Region;
  };
  /** Restore a backup into an empty tree; repeat the request if it was interrupted */
  'POST /api/v1/restore': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostRestoreBody;
    answer: PostRestoreAnswer;
  };
  /** Say that the tree in ZooKeeper is the right one; without accept: the consequences */
  'POST /api/v1/revision/adopt': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PostRevisionAdoptBody;
    answer: PostRevisionAdoptAnswer;
  };
  /** Seal all secrets with the first key; refused while a live process lacks it */
  'POST /api/v1/secrets/rotate': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: PostSecretsRotateAnswer;
  };
  /** Create a user */
  'POST /api/v1/users': {
    path: Record<string, never>;
    query: { reason?: string };
    body: PostUsersBody;
    answer: GetUsersByNameAnswer;
  };
  /** Make an API token for a user; its secret is shown this once */
  'POST /api/v1/users/{name}/tokens': {
    path: { name: string };
    query: Record<string, never>;
    body: PostMeTokensBody;
    answer: PostMeTokensAnswer;
  };
  /** What it would change to bring a document back. Writes nothing; POST /api/v1/apply with `rollback` does it */
  'POST /api/v1/{kind}/{name}/history/{revision}/plan': {
    path: { kind: string; name: string; revision: string };
    query: Record<string, never>;
    body: PostByKindByNameHistoryByRevisionPlanBody;
    answer: PostPlanAnswer;
  };
  /**
   * Replace a channel; its state stays. Unless it is stopped, tables that it takes in are checked as a start does; force: in spite of
   * that, and of removed tables before; seed: such tables are seeded; dryRun, with seed: which ones, and nothing is written
   */
  'PUT /api/v1/channels/{name}': {
    path: { name: string };
    query: { force?: boolean; seed?: boolean; dryRun?: boolean; reason?: string };
    body: ChannelInput;
    answer: PutChannelsByNameAnswer;
  };
  /**
   * Replace an endpoint; without a password the stored one stays. While a channel that is not stopped uses it, its server is checked
   * as a start does; force: in spite of that
   */
  'PUT /api/v1/endpoints/{name}': {
    path: { name: string };
    query: { force?: boolean; reason?: string };
    body: EndpointInput;
    answer: Endpoint;
  };
  /** Change the own password; the other sessions and all API tokens end */
  'PUT /api/v1/me/password': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PutMePasswordBody;
    answer: undefined;
  };
  /** Create it (If-None-Match: *) or replace it; without a client secret the stored one stays */
  'PUT /api/v1/oidc': {
    path: Record<string, never>;
    query: { reason?: string };
    body: PutOidcBody;
    answer: GetOidcAnswer;
  };
  /** Replace a region. While a channel that is not stopped uses it, its Kafka must answer and have the topics; force: in spite of that */
  'PUT /api/v1/regions/{name}': {
    path: { name: string };
    query: { force?: boolean; reason?: string };
    body: RegionInput;
    answer: Region;
  };
  /** Change the grants of a user, or disable him: his sessions and tokens end then */
  'PUT /api/v1/users/{name}': {
    path: { name: string };
    query: { reason?: string };
    body: PutUsersByNameBody;
    answer: GetUsersByNameAnswer;
  };
  /** Set the password of a user; null: no login by password. His sessions and tokens end */
  'PUT /api/v1/users/{name}/password': {
    path: { name: string };
    query: Record<string, never>;
    body: PutUsersByNamePasswordBody;
    answer: undefined;
  };
}
