// Package redisstore keeps records in Redis.
package redisstore
