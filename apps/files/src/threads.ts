/**
 * Files are read, hashed and flushed by threads of libuv, four unless told otherwise: flushes wait for the disk, and those that wait
 * together cost as much as one. Node reads this when the first thread is wanted, so nothing is imported before.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
