// SPDX-License-Identifier: MIT
#pragma once
// Memory of the null device and pinned memory of the host. Both are mapped by pages of their own.
//
// A device address cannot be read or written by the host; the same bytes lie a second time where the null
// device itself gets at them. Pinned memory is guarded while a kept copy uses it: against writing where the
// copy reads, against everything where the copy writes.

#include <cstddef>

namespace null_cuda {

enum class Place { kPageable, kPinned, kDevice };

void* take_device_memory(std::size_t bytes);  // zeros; null when there is none left
bool give_device_memory_back(void* address);
void* take_pinned_memory(std::size_t bytes);
bool give_pinned_memory_back(void* address);
void note_registered(void* address, std::size_t bytes);
void forget_registered(void* address);

Place place_of(const void* address);
std::size_t device_bytes_in_use();
std::size_t device_bytes();

/// Where the bytes behind an address can be reached.
void* reachable(const void* address);

/// From now on a kept copy uses these bytes of the host's; unguard() as often as guard().
void guard(const void* address, std::size_t bytes, bool is_written);
void unguard(const void* address, std::size_t bytes, bool is_written);

/// What a segmentation fault means; true when the access may go on.
bool allow_access(void* address, bool is_write);

}  // namespace null_cuda
